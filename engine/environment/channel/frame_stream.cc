#include "engine/environment/channel/frame_stream.h"

#include <cerrno>
#include <utility>

#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

namespace {
constexpr int kPiecesAtOnce = 16;
}

FrameStream::FrameStream(Reactor& reactor, linux::UniqueFd socket, OnFrame on_frame, std::function<void()> on_end)
    : incoming_(reactor, std::move(socket)), on_frame_(std::move(on_frame)), on_end_(std::move(on_end)) {
    wait();
}

FrameStream::FrameStream(Reactor& reactor, linux::UniqueFd incoming, linux::UniqueFd outgoing, OnFrame on_frame,
                         std::function<void()> on_end)
    : incoming_(reactor, std::move(incoming)),
      outgoing_(std::make_unique<Watch>(reactor, std::move(outgoing))),
      on_frame_(std::move(on_frame)),
      on_end_(std::move(on_end)) {
    wait();
}

void FrameStream::wait() {
    incoming_.when_readable([this, alive = alive_] {
        drain();
        if (*alive && open_) wait();
    });
}

void FrameStream::drain() {
    const std::shared_ptr<bool> alive = alive_;
    const auto end = [this] {
        open_ = false;
        if (const auto callback = std::exchange(on_end_, nullptr)) callback();
    };
    bool more = true;
    // no more at once than lies in a full socket: one that never stops must not keep the others waiting
    for (int i = 0; open_ && more && i < kPiecesAtOnce; ++i) {
        char part[65536];
        const long n = linux::read_some(incoming_.fd(), part, sizeof part);
        if (n == -EAGAIN) return;
        if (n <= 0) return end();
        more = static_cast<std::size_t>(n) == sizeof part;
        frames_.add({part, static_cast<std::size_t>(n)});
        while (auto frame = frames_.next()) {
            on_frame_(std::move(*frame));
            if (!*alive) return;
        }
        if (frames_.is_broken()) return end();  // not a word of this protocol: whoever speaks there has no more to say
    }
}

void FrameStream::send(std::string bytes) {
    if (!unsent_.empty()) {
        unsent_ += bytes;
        return;
    }
    unsent_ = std::move(bytes);
    write();
}

void FrameStream::send_with(std::string bytes, std::vector<int> fds, std::function<void()> passed) {
    fds_ = std::move(fds);
    passed_ = std::move(passed);
    send(std::move(bytes));
}

void FrameStream::write() {
    while (sent_ < unsent_.size()) {
        const std::string_view rest = std::string_view(unsent_).substr(sent_);
        const long n =
            fds_.empty() ? linux::write_some(outgoing(), rest) : linux::write_some_with(outgoing(), rest, fds_);
        if (n == -EAGAIN) return (outgoing_ ? *outgoing_ : incoming_).when_writable([this] { write(); });
        if (!fds_.empty()) {
            fds_.clear();
            std::exchange(passed_, nullptr)();
        }
        if (n < 0) break;  // its end is seen by reading
        sent_ += static_cast<std::size_t>(n);
    }
    unsent_.clear();
    sent_ = 0;
}

}  // namespace hotcell::environment
