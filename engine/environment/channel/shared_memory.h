// The memory that one environment shares with the engine, for events and results too large for the channel's pipes to be quick.
//
// Here: where an event is put and a result is taken from. Not here: which payloads go this way (the manifest's sharedMemoryFrom),
// the frames that tell of them (frames.h). Threads: the reactor's.
// The other side is hostile and can write to all of it at any time: what is taken is copied once, and nothing is read in place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"
#include "engine/protocol/channel.h"
#include "hotcell/units.h"

namespace hotcell::environment {

class SharedMemory {
public:
    /// The first part takes events, the rest results with what belongs to them. What is larger goes over the pipe.
    static constexpr Bytes kEvents{HC_MEMORY_RESULTS_AT};
    static constexpr Bytes kSize{HC_MEMORY_BYTES};

    /// Without a page, and not mapped before it is needed. Kernel when there is no descriptor left.
    static Result<std::unique_ptr<SharedMemory>> make();
    ~SharedMemory();
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    int fd() const { return fd_.get(); }
    /// Puts an event of at most kEvents there. Kernel when there is no memory: nothing was said, the pipe can take it.
    Result<hc_shared> put(std::string_view event);
    /// A copy of a result. InvalidArgument when it would not lie within the part for results.
    Result<std::string> take(const hc_shared& where);
    /// Gives its pages back, all that either side has touched. Not while a call is under way.
    void release_pages();

private:
    struct Mapping;
    explicit SharedMemory(linux::UniqueFd fd);
    Result<char*> map();

    linux::UniqueFd fd_;
    std::unique_ptr<Mapping> mapping_;  // from the first payload on
    std::size_t filled_ = 0;            // so many bytes of the events' part have pages
};

}  // namespace hotcell::environment
