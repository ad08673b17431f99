// What routes work on, and the two ways to run one: at once on the server's thread, or where it may wait for the disk.
//
// A route is a plain function Result<Response> f(Catalog&, Request&); one that only reads takes a const Catalog&, one that
// needs more takes the Services. Calls of functions, which answer later, take the Respond itself.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "engine/api/call_service.h"
#include "engine/api/message.h"
#include "engine/api/routes/reply.h"
#include "engine/api/run_service.h"
#include "engine/base/result.h"
#include "hotcell/catalog.h"

namespace hotcell::api {

/// All of it outlives the router. Without a catalog and calls their routes do not exist.
struct Services {
    RunService& run;
    Catalog* catalog = nullptr;
    CallService* calls = nullptr;
    /// Runs one piece of work after the other on a thread that may wait; unset: at once.
    std::function<void(std::function<void()>)> later{};
    const signing::AccessKey* link_key = nullptr;  // signs addresses of packages; null: they are not signed
};

using Route = void (*)(const Services& services, Request request, Respond respond);

/// Compares the body with what was signed of it, then asks the route.
template <auto route, class Of>
Response answer_of(Of& of, Request& request) {
    const auto same = request.caller.body.check(request.body);
    if (!same) return fc_error_response(same.error(), request.id);
    auto response = route(of, request);
    return response ? std::move(*response) : fc_error_response(response.error(), request.id);
}

/// Answered on the server's thread.
template <auto route>
void reads(const Services& services, Request request, Respond respond) {
    if constexpr (std::is_invocable_v<decltype(route), const Catalog&, Request&>)
        respond(answer_of<route>(std::as_const(*services.catalog), request));
    else
        respond(answer_of<route>(services, request));
}

/// Answered on the thread that may wait for the disk: changes, and reading packages.
template <auto route>
void waits(const Services& services, Request request, Respond respond) {
    auto work = [&services, request = std::move(request), respond = std::move(respond)]() mutable {
        if constexpr (std::is_invocable_v<decltype(route), Catalog&, Request&>)
            respond(answer_of<route>(*services.catalog, request));
        else
            respond(answer_of<route>(services, request));
    };
    if (services.later)
        services.later(std::move(work));
    else
        work();
}

/// Answered whenever the call is: `start` either returns an error, or has taken `respond` over.
template <Result<> (*start)(CallService&, Request&, const Respond&)>
void calls(const Services& services, Request request, Respond respond) {
    auto started = request.caller.body.check(request.body);
    if (started) started = start(*services.calls, request, respond);
    if (!started) respond(fc_error_response(started.error(), request.id));
}

}  // namespace hotcell::api
