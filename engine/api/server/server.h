// The HTTP/1.1 server on Unix sockets and, for those who show a token, TCP: connections, their limits and deadlines; a route answers each request.
//
// Here: accepting, counting per peer, reading within bounds, writing, draining. Not here: what a request means (routes/).
// Threads: connections live on the loop, the reading of large bodies on one thread beside it; the methods are called from
// other threads, and the loop works until finish() has returned.
// Kernel: unix(7), SO_PEERCRED, tcp(7).
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "engine/api/limits.h"
#include "engine/api/routes/router.h"
#include "engine/api/server/access.h"
#include "engine/linux/unique_fd.h"
#include "hotcell/event_loop.h"

namespace hotcell::api {

class Server {
public:
    /// `loop` and `router` outlive the server and every answer that the router owes.
    Server(EventLoop& loop, const Router& router, ServerLimits limits);
    ~Server();

    /// Accepts on a listening socket. Before start(). A TCP socket needs an access that needs proof.
    Result<> listen_on(linux::UniqueFd listener, std::optional<Access> access = std::nullopt);
    void start();

    /// No new connection is accepted, idle ones are closed, answers from now on close theirs.
    void stop_accepting();
    /// Waits up to `patience` until no request is being answered, then takes everything off the loop. False when some
    /// were cut off.
    bool finish(Millis patience);

    /// Connections open now.
    std::size_t connections() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hotcell::api
