// The routes of calls and of what runs; a source file each.
#pragma once

#include "engine/api/routes/route.h"

namespace hotcell::api {

// invocations.cc
Result<> invoke_function(CallService& service, Request& request, const Respond& respond);
Result<Response> get_invocation(const Services& services, Request& request);

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
