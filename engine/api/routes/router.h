// Which route answers a request. The table stands in table.cc, a function a route.
//
// Here: paths with places for names, FC's way to say that there is no such path. Not here: what names may be.
// Threads: handle() may be called from any thread; `respond` is called once, perhaps before handle() returns.
// Fuzzed: tests/fuzz/routes.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "engine/api/message.h"
#include "engine/api/routes/route.h"

namespace hotcell::api {

/// What may be sent as the body of a request.
struct BodyRule {
    std::size_t most;   // bytes
    bool fc = false;    // more of them is FC's EntityTooLarge
    bool work = false;  // to read it takes the route longer than others should wait
};

class Router {
public:
    /// What the services point at outlives the router and every answer it owes.
    explicit Router(Services services) : services_(std::move(services)) {}

    void handle(Request request, Respond respond) const;
    /// Nothing when no route takes this request.
    std::optional<BodyRule> body_rule(std::string_view method, std::string_view path) const;

private:
    Services services_;
};

}  // namespace hotcell::api
