// The routes of calls and of what runs; a source file each.
#pragma once

#include "engine/api/routes/route.h"

namespace hotcell::api {

// invocations.cc
Result<> invoke_function(CallService& service, Request& request, const Respond& respond);
Result<Response> get_invocation(const Services& services, Request& request);

// async.cc
Result<> invoke_async(CallService& service, Request& request, const Respond& respond);
/// What the headers of an asynchronous call ask for; its function and event are the caller's business.
Result<AsyncRequest> read_async_headers(const Request& request);
/// A 202 once it is on the disk.
void accept(CallService& service, AsyncRequest async, const Respond& respond);
Result<> get_async_invocation(CallService& service, Request& request, const Respond& respond);
Result<> list_async_invocations(CallService& service, Request& request, const Respond& respond);
Result<> stop_async_invocation(CallService& service, Request& request, const Respond& respond);

// logs.cc
Result<> get_logs(CallService& service, Request& request, const Respond& respond);

// instances.cc
Result<Response> list_instances(const Services& services, Request& request);
Result<Response> evict_instances(const Services& services, Request& request);
Result<Response> list_function_instances(const Services& services, Request& request);

// engine.cc
Result<Response> list_runtimes(const Services& services, Request& request);
Result<Response> get_metrics(const Services& services, Request& request);
void answer_health(const Services& services, Request request, Respond respond);
void answer_ready(const Services& services, Request request, Respond respond);
void answer_version(const Services& services, Request request, Respond respond);
void answer_engine(const Services& services, Request request, Respond respond);

}  // namespace hotcell::api
