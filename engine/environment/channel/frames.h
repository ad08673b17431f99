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
/// One Load frame; `document` is JSON.
std::string encode_load(std::string_view document);
/// One Invoke frame; `kind` is HC_CALL_*, `context` JSON.
std::string encode_invoke(std::uint64_t request, std::uint32_t kind, std::string_view context, std::string_view event);
/// The same for an event that lies in shared memory.
std::string encode_invoke(std::uint64_t request, std::uint32_t kind, std::string_view context, const hc_shared& event);

/// A frame that a program's side may send.
struct ProgramFrame {
    std::uint16_t type = 0;  // HC_FRAME_READY, HC_FRAME_FAILED; HC_FRAME_RESULT, HC_FRAME_ERROR where they are allowed
    std::uint16_t flags = 0;
    std::uint64_t request = 0;
    hc_ready ready{};
    hc_failed failed{};
    std::optional<hc_shared>
        shared;  // of a result: where it says that its payload lies; nothing of it has been checked
    std::string payload;
};

/// Puts frames together from bytes as they come. Anything that is not a frame of this side ends it for good.
class FrameReader {
public:
    /// From now on answers may come, of at most so many bytes each.
    void allow_answers(std::uint32_t most_bytes) { most_answer_ = most_bytes; }
    /// From now on results may lie in shared memory.
    void allow_shared() { shared_ = true; }
    void add(std::string_view bytes);
    /// The next whole frame, if there is one.
    std::optional<ProgramFrame> next();
    bool is_broken() const { return broken_; }
    /// Broken by an answer that was announced as longer than allowed.
    bool is_too_large() const { return too_large_; }

private:
    bool is_possible(const hc_frame& header) const;

    std::string buffer_;
    std::uint32_t most_answer_ = 0;
    bool shared_ = false;
    bool broken_ = false;
    bool too_large_ = false;
};

}  // namespace hotcell::environment
