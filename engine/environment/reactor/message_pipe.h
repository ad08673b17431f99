// One message socket with its waiting: messages in, messages out in order, one call at the end.
//
// Threads: the reactor's. Bytes are handed over as they came; what they mean is the owner's business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/environment/reactor/reactor.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::environment {

class MessagePipe {
public:
    using OnMessage = std::function<void(std::string_view bytes, std::vector<linux::UniqueFd>& fds)>;

    /// `on_end` is called once when the other side has gone or sent more than `most` bytes. Either callback may
    /// destroy the pipe; none comes afterwards.
    MessagePipe(Reactor& reactor, linux::UniqueFd fd, std::size_t most, OnMessage on_message,
                std::function<void()> on_end);
    ~MessagePipe();
    MessagePipe(const MessagePipe&) = delete;
    MessagePipe& operator=(const MessagePipe&) = delete;

    /// Sends now or, when the socket is full, in order later.
    void send(std::string_view bytes);
    template <class Message>
    void send_struct(const Message& message) {
        send({reinterpret_cast<const char*>(&message), sizeof message});
    }

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// The message as the struct it must be, or null when its size is another one.
template <class Message>
bool copy_message(std::string_view bytes, Message& message) {
    if (bytes.size() != sizeof message) return false;
    bytes.copy(reinterpret_cast<char*>(&message), sizeof message);
    return true;
}

}  // namespace hotcell::environment
