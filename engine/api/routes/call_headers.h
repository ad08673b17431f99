// What every call over HTTP has: what its headers ask for, those of its answer, and its end when the client has gone.
#pragma once

#include <cstdint>

#include "engine/api/message.h"
#include "hotcell/error.h"
#include "hotcell/invocation.h"

namespace hotcell::api {

/// Whether the tail of the log is wanted. InvalidArgument for what X-Fc-Log-Type and X-Fc-Invocation-Type cannot be.
Result<bool> wants_log_tail(const Request& request);

/// What is known before the answer is whole: where the call runs, and whether its head says that it has failed.
void add_known_headers(const InvokeReport& report, HeaderLines& headers);

/// How the call went, where it ran and how long it took.
void add_report_headers(const InvokeReport& report, bool log_tail, HeaderLines& headers);

/// The names that scripts of other origins may read.
void add_exposed(HeaderLines& headers);

/// What `service` gave this number ends when its client closes the connection before there is an answer.
template <class Service>
void end_with_client(Service& service, const Request& request, std::uint64_t number) {
    if (request.client != nullptr) request.client->on_gone = [&service, number] { service.cancel(number); };
}

}  // namespace hotcell::api
