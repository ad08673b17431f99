#include "engine/api/server/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "engine/api/server/connection.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace net = boost::asio;
using boost::system::error_code;
using Acceptor = net::local::stream_protocol::acceptor;

namespace {

constexpr std::chrono::milliseconds kAcceptPause{50};  // when the process is out of descriptors

/// One try, never waiting: whoever is over the limit gets the answer or, with a full socket, only the close.
void turn_away(UnixSocket& socket) {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 89\r\n"
        "Connection: close\r\nRetry-After: 1\r\n\r\n"
        R"({"ErrorCode":"Exhausted","Code":"Exhausted","Message":"connections: the limit is reached"})";
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(net::buffer(kAnswer), ignored);
}

}  // namespace

struct Server::State {
    State(const Router& router, ServerLimits limits) : share{router, limits, {}, {}, 0, false, {}} {
        share.one_less_busy = [this] { tell_counts(); };
    }

    net::awaitable<void> accept(Acceptor& acceptor) {
        for (;;) {
            auto [error, socket] = co_await acceptor.async_accept(net::as_tuple(net::use_awaitable));
            if (error == net::error::operation_aborted || !acceptor.is_open()) co_return;
            if (error) {
                net::steady_timer pause(context, kAcceptPause);
                co_await pause.async_wait(net::as_tuple(net::use_awaitable));
                continue;
            }
            admit(std::move(socket));
        }
    }

    void admit(UnixSocket socket) {
        ::ucred peer{};  // of the process that connected
        ::socklen_t size = sizeof peer;
        if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
        const auto same = share.connections_of.find(peer.uid);
        const auto of_peer = same == share.connections_of.end() ? 0 : same->second;
        if (share.draining || share.connections.size() >= share.limits.connections ||
            of_peer >= share.limits.connections_per_uid)
            return turn_away(socket);
        net::co_spawn(context, serve_connection(std::move(socket), peer.uid, share), net::detached);
        tell_counts();
    }

    /// The counts that other threads may look at.
    void tell_counts() {
        const std::lock_guard lock(mutex);
        busy = count_busy(share);
        open = share.connections.size();
        changed.notify_all();
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::size_t busy = 0;
    std::size_t open = 0;
    bool stopped_accepting = false;

    ServerShare share;  // outlives the connections, which the context destroys
    net::io_context context{1};
    std::list<Acceptor> acceptors;
    std::thread thread;
};

Server::Server(const Router& router, ServerLimits limits) : state_(std::make_unique<State>(router, limits)) {}

Server::~Server() {
    stop_accepting();
    finish(Millis(0));
}

Result<> Server::listen_on(linux::UniqueFd listener) {
    error_code error;
    Acceptor acceptor(state_->context);
    acceptor.assign(net::local::stream_protocol(), listener.get(), error);
    if (error) return fail_errno(error.value(), "take over a listening socket");
    (void)listener.release();
    state_->acceptors.push_back(std::move(acceptor));
    return {};
}

void Server::start() {
    for (Acceptor& acceptor : state_->acceptors)
        net::co_spawn(state_->context, state_->accept(acceptor), net::detached);
    state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

void Server::stop_accepting() {
    if (!state_->thread.joinable()) return;
    net::post(state_->context, [state = state_.get()] {
        state->share.draining = true;
        for (Acceptor& acceptor : state->acceptors) acceptor.close();
        close_idle(state->share);
        state->tell_counts();
        const std::lock_guard lock(state->mutex);
        state->stopped_accepting = true;
        state->changed.notify_all();
    });
}

bool Server::finish(Millis patience) {
    if (!state_->thread.joinable()) return true;
    bool done = false;
    {
        std::unique_lock lock(state_->mutex);
        done = state_->changed.wait_for(lock, patience, [&] { return state_->stopped_accepting && state_->busy == 0; });
    }
    state_->context.stop();
    state_->thread.join();
    return done;
}

std::size_t Server::connections() const {
    const std::lock_guard lock(state_->mutex);
    return state_->open;
}

}  // namespace hotcell::api
