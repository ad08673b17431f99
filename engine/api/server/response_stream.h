// The answer of one request on its way to the client as it comes, and the bytes of both sides once it was 101.
//
// Here: chunks, how long a client may take nothing, the end of either side. Not here: the head, whose connection it is
// (connection.cc), how much waits (body_pipe.h).
// Threads: the server's loop.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "engine/api/body_pipe.h"
#include "engine/api/server/connection.h"
#include "engine/events/deadline.h"

namespace hotcell::api {

class ResponseStream {
public:
    /// `deadline` cancels what `socket` waits for when it passes; both outlive this.
    ResponseStream(ServerShare& share, StreamSocket& socket, events::Deadline& deadline,
                   std::shared_ptr<BodyPipe> pipe);
    ~ResponseStream();
    ResponseStream(const ResponseStream&) = delete;
    ResponseStream& operator=(const ResponseStream&) = delete;

    /// Sends what comes, in chunks or as it is, until the call is over. False: the client has not got all of it.
    boost::asio::awaitable<bool> send(bool chunked);
    /// Passes bytes both ways until the call is over, those that the client has sent already first.
    boost::asio::awaitable<void> pass_both_ways(std::string early);
    /// Ends either at once.
    void stop();
    /// The call is over, however it ended.
    bool is_over() const { return pipe_->is_over(); }

private:
    struct Signal;
    using Buffers = std::array<boost::asio::const_buffer, 3>;

    boost::asio::awaitable<bool> write(std::string_view piece, bool chunked);
    boost::asio::awaitable<bool> write_all(Buffers& buffers);
    void changed();
    void read_client();
    void client_ended();

    ServerShare& share_;
    StreamSocket& socket_;
    events::Deadline& deadline_;
    const std::shared_ptr<BodyPipe> pipe_;
    const std::shared_ptr<Signal> signal_;
    events::Deadline after_end_;  // of an upgraded connection whose client sends no more
    std::string piece_;           // the client's
    bool both_ways_ = false;
    bool reading_ = false;
    bool client_ended_ = false;
    bool stopped_ = false;
};

}  // namespace hotcell::api
