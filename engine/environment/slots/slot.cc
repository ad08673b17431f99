#include "engine/environment/slots/slot.h"

#include <cerrno>
#include <charconv>

#include "engine/base/result.h"
#include "engine/linux/files/files.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

using protocol::FdRole;

namespace {

std::uint64_t number_after(std::string_view text, std::string_view key) {
    std::size_t at = key.empty() ? 0 : text.find(key);
    // "oom_kill_disable" begins like "oom_kill": a key ends at its space
    if (at == std::string_view::npos) return 0;
    at += key.size();
    std::uint64_t number = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), number);
    return number;
}

}  // namespace

Slot::Slot(Reactor& reactor, BuiltSandbox built, bool executor, std::shared_ptr<Domain> domain)
    : reactor_(reactor), built_(std::move(built)), executor_(executor), domain_(std::move(domain)) {
    channel_ = std::make_unique<FrameStream>(
        reactor, built_.take(FdRole::Channel), [this](ProgramFrame frame) { take_frame(std::move(frame)); },
        [this] {
            if (!shim_ && listener_ != nullptr) listener_->on_channel_end();
        });
    status_ = std::make_unique<MessagePipe>(
        reactor, built_.take(FdRole::Status), sizeof(protocol::ExitReport),
        [this](std::string_view bytes, std::vector<linux::UniqueFd>&) {
            protocol::ExitReport report{};
            if (copy_message(bytes, report) && listener_ != nullptr) listener_->on_exit(report);
        },
        [this] {
            dead_ = true;
            if (listener_ != nullptr) listener_->on_death();
        });
}

void Slot::take_frame(ProgramFrame frame) {
    if (frame.type == HC_FRAME_READY) ready_ = frame.ready;
    if (listener_ == nullptr) return;
    if (frame.type == HC_FRAME_READY) return listener_->on_ready(frame.ready);
    if (frame.type == HC_FRAME_FAILED) return listener_->on_failed(frame.failed);
    listener_->on_answer(std::move(frame));
}

void Slot::drain_channel() {
    const std::shared_ptr<bool> alive = alive_;
    channel_->drain();
    if (*alive && shim_) shim_->drain();
}

Result<> Slot::become_shim(bool shares_memory) {
    if (shares_memory) memory_ = TRY(SharedMemory::make());
    auto answers = TRY(linux::make_pipe_to_read());
    auto calls = TRY(linux::make_pipe_to_write());
    to_pass_.push_back(std::move(calls.theirs));
    to_pass_.push_back(std::move(answers.theirs));
    shim_ = std::make_unique<FrameStream>(
        reactor_, std::move(answers.ours), std::move(calls.ours),
        [this](ProgramFrame frame) { take_frame(std::move(frame)); },
        [this] {
            if (listener_ != nullptr) listener_->on_channel_end();
        });
    if (shares_memory) shim_->frames().allow_shared();
    return {};
}

void Slot::send(std::string bytes) {
    if (!shim_) return channel_->send(std::move(bytes));
    if (passed_) return shim_->send(std::move(bytes));
    passed_ = true;
    std::vector<int> fds;
    for (const linux::UniqueFd& fd : to_pass_) fds.push_back(fd.get());
    if (memory_) fds.push_back(memory_->fd());
    channel_->send_with(std::move(bytes), std::move(fds), [this] { to_pass_.clear(); });
}

bool Slot::freeze(bool frozen) {
    const int fd = built_.get(FdRole::Freeze);
    if (linux::write_small(fd, frozen ? "1" : "0")) return true;
    return linux::write_small(fd, frozen ? "FROZEN" : "THAWED").has_value();  // the v1 freezer's words
}

Result<> Slot::set_memory_limit(Bytes limit, Bytes before) {
    if (limit == before) return {};
    const std::string text = std::to_string(limit.count);
    const int memory = built_.get(FdRole::MemoryLimit);
    const int swap = built_.get(FdRole::SwapLimit);  // v1 only: memory and swap together
    if (memory < 0) return fail(ErrorKind::Broken, "the sandbox came without its memory limit");
    const bool raise = limit > before;
    if (raise && swap >= 0) TRY_IN("raise the swap limit", linux::write_small(swap, text));
    TRY_IN("set the memory limit", linux::write_small(memory, text));
    if (!raise && swap >= 0) TRY_IN("lower the swap limit", linux::write_small(swap, text));
    return {};
}

Bytes Slot::peak_memory() const {
    const int fd = built_.get(FdRole::PeakMemory);
    if (fd < 0) return {};
    const auto text = linux::read_small(fd);
    return text ? Bytes{number_after(*text, "")} : Bytes{};
}

std::uint64_t Slot::oom_kills() const {
    const int fd = built_.get(FdRole::MemoryEvents);
    if (fd < 0) return 0;
    const auto text = linux::read_small(fd);
    return text ? number_after(*text, "oom_kill ") : 0;
}

}  // namespace hotcell::environment
