// One of the engine's own programs on a stranger's package, in a slot of its own: what it writes is read on the caller's thread.
//
// Threads: start(), read() and report() on one thread, which is not the engine's.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/dispatch/dispatcher.h"
#include "engine/environment/code/unpacked_stream.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::embed {

struct SlotToolCall {
    std::string runtime;            // a manifest's name
    std::vector<std::string> argv;  // in the slot
    std::string input;
    Bytes memory;
    Bytes tmp;
    Millis timeout;
};

class SlotTool {
public:
    /// Hands a call to the engine's thread; false when there is none any more.
    using Post = std::function<bool(std::shared_ptr<dispatch::Call>)>;

    static Result<SlotTool> start(SlotToolCall call, const Post& post);

    /// Reads its output until it ends, as its slot does at its timeout at the latest. An error of the stream's is returned at once;
    /// the program then ends for want of a reader.
    Result<> read(environment::UnpackedStream& stream);
    /// Waits for its end. After read(), or instead.
    Result<RunReport> report();

private:
    struct State;
    explicit SlotTool(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace hotcell::embed
