// One client's connection: its requests one after the other, each within its deadlines and bounds.
//
// Included by the two sources of this folder only: the HTTP library stays in them.
// Threads: everything on the server's one thread, but the answer of a route, which may come from any.
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstdint>
#include <map>
#include <set>

#include "engine/api/limits.h"
#include "engine/api/routes/router.h"

namespace hotcell::api {

class Connection;

/// What the connections of one server share.
struct ServerShare {
    const Router& router;
    const ServerLimits limits;
    std::set<Connection*> connections;
    std::map<uid_t, std::uint32_t> connections_of;
    std::uint64_t buffered = 0;  // bytes of bodies held by all connections
    bool draining = false;
    std::function<void()> one_less_busy;  // after a request has been answered or a connection has ended
};

using UnixSocket = boost::asio::local::stream_protocol::socket;

/// Serves one accepted socket to its end; counted in `share` for as long.
boost::asio::awaitable<void> serve_connection(UnixSocket socket, uid_t peer, ServerShare& share);

/// Connections with a request that is not answered yet.
std::size_t count_busy(const ServerShare& share);
/// Ends the connections that are between two requests.
void close_idle(ServerShare& share);

}  // namespace hotcell::api
