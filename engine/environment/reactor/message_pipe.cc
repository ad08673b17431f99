#include "engine/environment/reactor/message_pipe.h"

#include <cerrno>
#include <deque>

#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

struct MessagePipe::State : std::enable_shared_from_this<State> {
    State(Reactor& reactor, linux::UniqueFd fd, std::size_t most, OnMessage message, std::function<void()> end)
        : watch(std::make_unique<Watch>(reactor, std::move(fd))),
          buffer(most, '\0'),
          on_message(std::move(message)),
          on_end(std::move(end)) {}

    void wait() {
        watch->when_readable([self = shared_from_this()] { self->receive(); });
    }

    void receive() {
        // a few at a time: one busy pipe must not keep the others waiting
        for (int i = 0; i < 16 && watch; ++i) {
            linux::Received received = linux::receive_message(watch->fd(), buffer.data(), buffer.size());
            if (received.size == -EAGAIN) break;
            if (received.size <= 0) return end();
            on_message({buffer.data(), static_cast<std::size_t>(received.size)}, received.fds);
        }
        if (watch) wait();
    }

    void end() {
        watch.reset();
        if (auto callback = std::exchange(on_end, nullptr)) callback();
    }

    void flush() {
        while (!unsent.empty()) {
            const long sent = linux::send_message(watch->fd(), unsent.front().data(), unsent.front().size());
            if (sent == -EAGAIN || sent == -ENOBUFS) {
                watch->when_writable([self = shared_from_this()] {
                    if (self->watch) self->flush();
                });
                return;
            }
            if (sent < 0) return unsent.clear();  // its end is seen by reading
            unsent.pop_front();
        }
    }

    std::unique_ptr<Watch> watch;
    std::string buffer;
    OnMessage on_message;
    std::function<void()> on_end;
    std::deque<std::string> unsent;
};

MessagePipe::MessagePipe(Reactor& reactor, linux::UniqueFd fd, std::size_t most, OnMessage on_message,
                         std::function<void()> on_end)
    : state_(std::make_shared<State>(reactor, std::move(fd), most, std::move(on_message), std::move(on_end))) {
    state_->wait();
}

MessagePipe::~MessagePipe() {
    state_->watch.reset();
    state_->on_end = nullptr;
}

void MessagePipe::send(std::string_view bytes) {
    if (!state_->watch) return;
    const bool idle = state_->unsent.empty();
    state_->unsent.emplace_back(bytes);
    if (idle) state_->flush();
}

}  // namespace hotcell::environment
