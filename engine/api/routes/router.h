// Which route answers a request. The table stands in router.cc, a function a route.
//
// Threads: handle() may be called from any thread; `respond` is called once, perhaps before handle() returns.
#pragma once

#include <optional>
#include <string>

#include "engine/api/message.h"
#include "engine/api/run_service.h"
#include "hotcell/error.h"

namespace hotcell::api {

class Router {
public:
    /// `service` outlives the router and every answer it owes.
    explicit Router(RunService& service) : service_(service) {}

    void handle(Request request, Respond respond) const;
    /// The most bytes a body of this request may have; nothing when no route takes it.
    std::optional<std::size_t> body_limit(const std::string& method, const std::string& path) const;

private:
    RunService& service_;
};

/// The error document for one request.
Response error_response(unsigned status, std::string_view code, std::string_view message, std::string_view hint,
                        std::string_view request_id);
/// An error of the engine, with the status that its kind means.
Response error_response(const Error& error, std::string_view request_id);

}  // namespace hotcell::api
