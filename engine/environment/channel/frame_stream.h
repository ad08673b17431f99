// Frames both ways between the front and a slot: over one socket, or over the two pipes of a shim, which cost half of it.
//
// Not here: what a frame means (slots/slot.h). Threads: the reactor's. What comes is hostile.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/environment/channel/frames.h"
#include "engine/environment/reactor/reactor.h"

namespace hotcell::environment {

class FrameStream {
public:
    using OnFrame = std::function<void(ProgramFrame)>;

    /// `on_end` is called once: the other side has gone, or said what is no frame. Either callback may destroy the stream.
    FrameStream(Reactor& reactor, linux::UniqueFd socket, OnFrame on_frame, std::function<void()> on_end);
    FrameStream(Reactor& reactor, linux::UniqueFd incoming, linux::UniqueFd outgoing, OnFrame on_frame,
                std::function<void()> on_end);
    ~FrameStream() { *alive_ = false; }
    FrameStream(const FrameStream&) = delete;
    FrameStream& operator=(const FrameStream&) = delete;

    /// In order, as the other side takes them.
    void send(std::string bytes);
    /// The same over a socket on which nothing is under way, with descriptors that stay open here; `passed` is called once they are gone.
    void send_with(std::string bytes, std::vector<int> fds, std::function<void()> passed);
    /// Hands over what has come by now.
    void drain();
    FrameReader& frames() { return frames_; }

private:
    int outgoing() const { return (outgoing_ ? *outgoing_ : incoming_).fd(); }
    void wait();
    void write();

    Watch incoming_;
    std::unique_ptr<Watch> outgoing_;  // null: incoming_, a socket
    OnFrame on_frame_;
    std::function<void()> on_end_;
    FrameReader frames_;
    std::string unsent_;
    std::size_t sent_ = 0;  // of unsent_
    std::vector<int> fds_;  // that go with the first of unsent_
    std::function<void()> passed_;
    bool open_ = true;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false once this object has gone
};

}  // namespace hotcell::environment
