// One client's connection: its requests one after the other, each within its deadlines and bounds.
//
// Included by the two sources of this folder only: the HTTP library stays in them.
// Threads: everything on the server's loop, but the answer of a route, which may come from any thread.
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <map>
#include <set>

#include "engine/api/limits.h"
#include "engine/api/routes/router.h"
#include "engine/api/server/access.h"
#include "engine/events/loop_state.h"

namespace hotcell::api {

class Connection;

/// What the connections of one server share.
struct ServerShare {
    EventLoop& loop;
    EventLoop& helper;  // of another thread, for bodies whose reading would keep the others waiting
    const Router& router;
    const ServerLimits limits;
    std::set<Connection*> connections;
    std::map<uid_t, std::uint32_t> connections_of;
    std::uint64_t buffered = 0;  // bytes of bodies held by all connections
    bool draining = false;
    std::function<void()> one_less_busy;  // a connection has ended or, while draining, answered
};

using StreamSocket = boost::asio::generic::stream_protocol::socket;

/// Serves one accepted socket to its end; counted in `share` for as long.
boost::asio::awaitable<void> serve_connection(StreamSocket socket, Peer peer, ServerShare& share);

/// Connections with a request that is not answered yet.
std::size_t count_busy(const ServerShare& share);
/// Ends the connections that are between two requests.
void close_idle(ServerShare& share);
/// Ends all connections; what a route still answers is dropped.
void cut_off(ServerShare& share);

}  // namespace hotcell::api
