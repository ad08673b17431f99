#include "engine/embed/slot_tool.h"

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::embed {

struct SlotTool::State {
    std::mutex mutex;
    std::condition_variable changed;
    linux::UniqueFd output;
    bool unwanted = false;  // nobody reads any more
    std::optional<Result<RunReport>> report;

    void give(linux::UniqueFd fd) {
        const std::scoped_lock lock(mutex);
        if (!unwanted) output = std::move(fd);
        changed.notify_all();
    }
    void end(Result<RunReport> result) {
        const std::scoped_lock lock(mutex);
        report = std::move(result);
        changed.notify_all();
    }
    linux::UniqueFd wait_output() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return output || report; });
        return std::move(output);
    }
    Result<RunReport> wait_report() {
        std::unique_lock lock(mutex);
        unwanted = true;
        output.reset();
        changed.wait(lock, [&] { return report.has_value(); });
        return std::move(*report);
    }
};

Result<SlotTool> SlotTool::start(SlotToolCall tool, const Post& post) {
    const auto state = std::make_shared<State>();
    auto call = std::make_shared<dispatch::Call>();
    call->request.runtime = std::move(tool.runtime);
    call->request.start = StartKind::Exec;
    call->request.event = std::move(tool.input);
    call->request.limits.memory = tool.memory;
    call->request.limits.tmp = tool.tmp;
    call->request.limits.timeout = tool.timeout;
    call->request.limits.log = kibibytes(4);
    call->tool = std::move(tool.argv);
    call->accepted_ns = monotonic_ns();
    call->give_output = [state](linux::UniqueFd fd) { state->give(std::move(fd)); };
    call->done = [state](Result<RunReport> report) { state->end(std::move(report)); };
    if (!post(std::move(call))) return fail(ErrorKind::Exhausted, "the engine is draining: no new calls");
    return SlotTool(state);
}

Result<> SlotTool::read(environment::UnpackedStream& stream) {
    const linux::UniqueFd output = state_->wait_output();
    if (!output) return {};  // it did not start: report() says why
    std::vector<char> piece(256 << 10);
    for (;;) {
        if (!linux::wait_readable(output.get(), -1)) continue;
        const long n = linux::read_some(output.get(), piece.data(), piece.size());
        if (n == -EAGAIN) continue;
        if (n <= 0) return {};
        TRY(stream.add({piece.data(), static_cast<std::size_t>(n)}));
    }
}

Result<RunReport> SlotTool::report() { return state_->wait_report(); }

}  // namespace hotcell::embed
