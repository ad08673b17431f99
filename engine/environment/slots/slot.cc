#include "engine/environment/slots/slot.h"

#include <cerrno>
#include <charconv>

#include "engine/base/result.h"
#include "engine/linux/files/files.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

using protocol::FdRole;

namespace {

constexpr int kPiecesAtOnce = 16;

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
    : built_(std::move(built)), executor_(executor), domain_(std::move(domain)) {
    channel_ = std::make_unique<Watch>(reactor, built_.take(FdRole::Channel));
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
    wait_channel();
}

void Slot::wait_channel() {
    channel_->when_readable([this, alive = alive_] {
        drain_channel();
        if (*alive && channel_open_) wait_channel();
    });
}

void Slot::drain_channel() {
    const std::shared_ptr<bool> alive = alive_;
    bool more = true;
    // no more at once than lies in a full socket: one that never stops must not keep the others waiting
    for (int i = 0; channel_open_ && more && i < kPiecesAtOnce; ++i) {
        char part[65536];
        const long n = linux::read_some(channel_->fd(), part, sizeof part);
        if (n == -EAGAIN) return;
        if (n <= 0) {
            channel_open_ = false;
            if (listener_ != nullptr) listener_->on_channel_end();
            return;
        }
        more = static_cast<std::size_t>(n) == sizeof part;
        frames_.add({part, static_cast<std::size_t>(n)});
        while (auto frame = frames_.next()) {
            if (frame->type == HC_FRAME_READY) {
                ready_ = frame->ready;
                if (listener_ != nullptr) listener_->on_ready(frame->ready);
            } else if (listener_ != nullptr && frame->type == HC_FRAME_FAILED) {
                listener_->on_failed(frame->failed);
            } else if (listener_ != nullptr) {
                listener_->on_answer(std::move(*frame));
            }
            if (!*alive) return;
        }
        if (frames_.is_broken()) {
            // not a word of this protocol: whoever speaks there has no more to say
            channel_open_ = false;
            if (listener_ != nullptr) listener_->on_channel_end();
            return;
        }
    }
}

void Slot::send(std::string bytes) {
    if (!unsent_.empty()) {
        unsent_ += bytes;
        return;
    }
    unsent_ = std::move(bytes);
    write_unsent();
}

Result<> Slot::share_memory() {
    memory_ = TRY(SharedMemory::make());
    memory_to_send_ = true;
    frames_.allow_shared();
    return {};
}

void Slot::write_unsent() {
    while (sent_ < unsent_.size()) {
        const std::string_view rest = std::string_view(unsent_).substr(sent_);
        const long n = memory_to_send_ ? linux::write_some_with(channel_->fd(), rest, memory_->fd())
                                       : linux::write_some(channel_->fd(), rest);
        if (n == -EAGAIN) return channel_->when_writable([this] { write_unsent(); });
        if (n < 0) break;  // its end is seen by reading
        memory_to_send_ = false;
        sent_ += static_cast<std::size_t>(n);
    }
    unsent_.clear();
    sent_ = 0;
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
