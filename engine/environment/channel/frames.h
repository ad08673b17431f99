// The frames of a slot's channel (protocol/channel.h) as bytes: what the front writes, what a hostile program may send.
//
// Pure: no descriptor is touched here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/protocol/channel.h"

namespace hotcell::environment {

/// One Run frame with its header. InvalidArgument when it would be longer than HC_MOST_RUN_BYTES or a string has a NUL.
Result<std::string> encode_run(std::uint64_t request, const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment);

/// A frame that a program's side may send.
struct ProgramFrame {
    std::uint16_t type = 0;  // HC_FRAME_READY or HC_FRAME_FAILED
    hc_ready ready{};
    hc_failed failed{};
};

/// Puts frames together from bytes as they come. Anything that is not a frame of this side ends it for good.
class FrameReader {
public:
    void add(std::string_view bytes);
    /// The next whole frame, if there is one.
    std::optional<ProgramFrame> next();
    bool is_broken() const { return broken_; }

private:
    std::string buffer_;
    bool broken_ = false;
};

}  // namespace hotcell::environment
