#include "engine/api/server/server.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <future>
#include <list>
#include <mutex>
#include <thread>

#include "engine/api/server/connection.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace net = boost::asio;
using boost::system::error_code;
using Acceptor = net::basic_socket_acceptor<net::generic::stream_protocol>;

namespace {

constexpr uid_t kNobody = static_cast<uid_t>(-1);      // no process can have it
constexpr std::chrono::milliseconds kAcceptPause{50};  // when the process is out of descriptors

/// One try, never waiting: whoever is over the limit gets the answer or, with a full socket, only the close.
void turn_away(StreamSocket& socket) {
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
    struct Listener {
        Acceptor acceptor;
        std::optional<Access> access;  // of a TCP socket, and where signatures are looked at
    };

    State(EventLoop& loop, const Router& router, ServerLimits limits)
        : share{loop, helper, router, limits, {}, {}, 0, false, {}} {
        share.one_less_busy = [this] { tell_counts(); };
    }

    net::awaitable<void> accept(Listener& listener) {
        while (listener.acceptor.is_open()) {
            auto [error, socket] = co_await listener.acceptor.async_accept(net::as_tuple(net::use_awaitable));
            if (!listener.acceptor.is_open()) break;
            if (error) {
                net::steady_timer pause(events::context_of(share.loop), kAcceptPause);
                co_await pause.async_wait(net::as_tuple(net::use_awaitable));
                continue;
            }
            if (const auto peer = peer_of(listener, socket)) admit(std::move(socket), *peer);
        }
        --accepting;
        tell_counts();
    }

    /// Of the other end, in digits.
    static std::string address_of(const StreamSocket& socket) {
        error_code error;
        const auto endpoint = socket.remote_endpoint(error);
        net::ip::tcp::endpoint tcp;
        if (error || endpoint.size() > tcp.capacity()) return {};
        std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
        return tcp.address().to_string(error);
    }

    std::optional<Peer> peer_of(const Listener& listener, StreamSocket& socket) {
        const Access* access = listener.access ? &*listener.access : nullptr;
        if (access != nullptr && access->needs_proof) {
            error_code ignored;
            socket.set_option(net::ip::tcp::no_delay(true), ignored);
            return Peer{kNobody, access, address_of(socket)};
        }
        ::ucred peer{};  // of the process that connected
        ::socklen_t size = sizeof peer;
        if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
        return Peer{peer.uid, access, "127.0.0.1"};
    }

    void admit(StreamSocket socket, Peer peer) {
        const auto same = share.connections_of.find(peer.uid);
        const auto of_peer = same == share.connections_of.end() ? 0 : same->second;
        if (share.draining || share.connections.size() >= share.limits.connections ||
            of_peer >= share.limits.connections_per_uid)
            return turn_away(socket);
        net::co_spawn(events::context_of(share.loop), serve_connection(std::move(socket), peer, share), net::detached);
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
    bool started = false;

    EventLoop helper;
    ServerShare share;
    std::list<Listener> listeners;
    std::atomic<std::size_t> accepting = 0;  // listeners that still may
    std::thread helper_thread;
};

Server::Server(EventLoop& loop, const Router& router, ServerLimits limits)
    : state_(std::make_unique<State>(loop, router, limits)) {}

Server::~Server() {
    stop_accepting();
    finish(Millis(0));
}

Result<> Server::listen_on(linux::UniqueFd listener, std::optional<Access> access) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return fail_errno(errno, "ask a listening socket for its address");
    const bool needs_proof = access && access->needs_proof;
    if ((address.ss_family != AF_UNIX) != needs_proof)
        return fail(ErrorKind::InvalidArgument, "listening socket: TCP, and nothing else, needs a token or keys");
    if (needs_proof && access->token.empty() && access->keys == nullptr)
        return fail(ErrorKind::InvalidArgument, "listening socket: neither a token nor keys");
    error_code error;
    Acceptor acceptor(events::context_of(state_->share.loop));
    acceptor.assign({address.ss_family, 0}, listener.get(), error);
    if (error) return fail_errno(error.value(), "take over a listening socket");
    (void)listener.release();
    state_->listeners.push_back({std::move(acceptor), std::move(access)});
    return {};
}

void Server::start() {
    state_->started = true;
    state_->accepting = state_->listeners.size();
    state_->helper_thread = std::thread([state = state_.get()] { state->helper.run(); });
    state_->share.loop.post([state = state_.get()] {
        for (State::Listener& listener : state->listeners)
            net::co_spawn(events::context_of(state->share.loop), state->accept(listener), net::detached);
    });
}

void Server::stop_accepting() {
    if (!state_->started) return;
    state_->share.loop.post([state = state_.get()] {
        state->share.draining = true;
        error_code ignored;
        for (State::Listener& listener : state->listeners) listener.acceptor.close(ignored);
        close_idle(state->share);
        state->tell_counts();
        const std::lock_guard lock(state->mutex);
        state->stopped_accepting = true;
        state->changed.notify_all();
    });
}

bool Server::finish(Millis patience) {
    State& state = *state_;
    if (!std::exchange(state.started, false)) return true;
    bool done = false;
    {
        std::unique_lock lock(state.mutex);
        done = state.changed.wait_for(lock, patience, [&] { return state.stopped_accepting && state.busy == 0; });
    }
    state.share.loop.post([&state] { cut_off(state.share); });
    {
        std::unique_lock lock(state.mutex);
        state.changed.wait(lock, [&] { return state.open == 0 && state.accepting == 0; });
    }
    std::promise<void> last;  // whatever has told of the last count has returned by then
    state.share.loop.post([&] { last.set_value(); });
    last.get_future().wait();
    state.helper.stop();
    state.helper_thread.join();
    return done;
}

std::size_t Server::connections() const {
    const std::lock_guard lock(state_->mutex);
    return state_->open;
}

}  // namespace hotcell::api
