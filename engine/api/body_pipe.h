// The body of an answer that comes in pieces, from the call that gives it to the connection that sends it, and what is sent
// back where the connection has gone over to another protocol.
//
// Here: how much waits, and that whoever gives stops there; which side is over. Not here: sockets and framing
// (server/response_stream.h), the head (routes/proxy.cc).
// Threads: any; the server's loop need not be the engine's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "hotcell/http_stream.h"

namespace hotcell::api {

/// With one piece more (64 KiB) the most that is held of one answer.
inline constexpr std::size_t kMostOfPipe = 192 << 10;

class BodyPipe final : public HttpStream, public std::enable_shared_from_this<BodyPipe> {
public:
    using OnBegin = std::function<void(InvokeReport so_far, std::shared_ptr<BodyPipe> self)>;
    explicit BodyPipe(OnBegin on_begin) : on_begin_(std::move(on_begin)) {}

    // ---- the call's side
    void begin(InvokeReport so_far, std::shared_ptr<StreamControl> control) override;
    bool write(std::string_view bytes) override;
    void taken() override;
    /// The call is over. Not `whole`: the answer has been cut.
    void end(bool whole);
    bool has_begun() const;

    // ---- the connection's side
    /// Called, from any thread, when there is more to take, or to be done. Unset: nobody takes any more.
    void on_change(std::function<void()> callback);
    /// All that waits.
    std::string take();
    /// So many of the bytes that were taken have been sent.
    void sent(std::size_t count);
    /// Nothing comes any more, and nothing waits.
    bool is_over() const;
    bool is_whole() const;
    /// The client's bytes, one piece after the other, when may_send().
    void send(std::string bytes);
    bool may_send() const;
    void finish_sending();
    /// The client has gone.
    void close();

private:
    void tell();
    std::shared_ptr<StreamControl> control() const;

    mutable std::mutex mutex_;
    OnBegin on_begin_;
    std::shared_ptr<StreamControl> control_;
    std::function<void()> on_change_;
    std::string waiting_;
    std::size_t held_ = 0;  // waiting, or taken and not sent
    bool paused_ = false;
    bool sending_ = false;  // a piece of the client's is on its way
    bool over_ = false;
    bool whole_ = false;
};

}  // namespace hotcell::api
