// How a route begins and how it answers: the door of every route of services and functions.
//
// Not here: the table (router.cc), what a route asks of the service (a file each).
#pragma once

#include <string>
#include <utility>

#include "engine/api/function_service.h"
#include "engine/api/message.h"
#include "engine/api/run_service.h"
#include "engine/api/wire/function_json.h"
#include "engine/base/result.h"

namespace hotcell::api {

/// What the routes work on. `functions` is null where only programs are run.
struct Services {
    RunService& run;
    FunctionService* functions;
};

/// The error document for one request.
Response error_response(unsigned status, std::string_view code, std::string_view message, std::string_view hint,
                        std::string_view request_id);
/// An error of the engine, with the status that its code or, without one, its kind means.
Response error_response(const Error& error, std::string_view request_id);
/// The same with FC's names for what has no code: InternalServerError, ResourceExhausted.
Response fc_error_response(const Error& error, std::string_view request_id);

/// An etag as the client sent it back: without quotes; "*" is any and so empty.
std::string if_match_of(const Request& request);

/// A `done` that answers with the thing's JSON, and its etag when it has one.
template <class Thing>
auto reply_with(Respond respond, std::string request_id) {
    return [respond = std::move(respond), id = std::move(request_id)](Result<Thing> thing) {
        if (!thing) return respond(fc_error_response(thing.error(), id));
        Response response{.body = json_of(*thing)};
        if constexpr (requires { thing->etag; }) response.headers.emplace_back("ETag", thing->etag);
        respond(std::move(response));
    };
}

/// A `done` that answers 204.
inline auto reply_empty(Respond respond, std::string request_id) {
    return [respond = std::move(respond), id = std::move(request_id)](const Result<>& done) {
        if (!done) return respond(fc_error_response(done.error(), id));
        respond({.status = 204});
    };
}

/// A route whose beginning may refuse: `start` either returns an error, or has taken `respond` over.
template <Result<> (*start)(FunctionService&, Request&, const Respond&)>
void answer_with(const Services& services, Request request, Respond respond) {
    if (auto started = start(*services.functions, request, respond); !started)
        respond(fc_error_response(started.error(), request.id));
}

}  // namespace hotcell::api
