// The routes of services, functions and what becomes of them; a source file each. Every one either returns an error or
// answers through `respond`. Names of the path stand in request.names, decoded and not judged yet.
#pragma once

#include "engine/api/function_service.h"
#include "engine/api/message.h"

namespace hotcell::api {

// services.cc: /2016-08-15/services
Result<> create_service(FunctionService& service, Request& request, const Respond& respond);
Result<> list_services(FunctionService& service, Request& request, const Respond& respond);
Result<> get_service(FunctionService& service, Request& request, const Respond& respond);
Result<> update_service(FunctionService& service, Request& request, const Respond& respond);
Result<> delete_service(FunctionService& service, Request& request, const Respond& respond);

// functions.cc: /2016-08-15/services/{}/functions
Result<> create_function(FunctionService& service, Request& request, const Respond& respond);
Result<> list_functions(FunctionService& service, Request& request, const Respond& respond);
Result<> get_function(FunctionService& service, Request& request, const Respond& respond);
Result<> update_function(FunctionService& service, Request& request, const Respond& respond);
Result<> delete_function(FunctionService& service, Request& request, const Respond& respond);

// invocations.cc: /2016-08-15/services/{}/functions/{}/invocations, /v1/invocations/{}
Result<> invoke_function(FunctionService& service, Request& request, const Respond& respond);
Result<> get_invocation(FunctionService& service, Request& request, const Respond& respond);

// instances.cc: /v1/instances, /v1/instances:evict
Result<> list_instances(FunctionService& service, Request& request, const Respond& respond);
Result<> evict_instances(FunctionService& service, Request& request, const Respond& respond);

// runtimes.cc: /v1/runtimes; metrics.cc: /metrics
Result<> list_runtimes(FunctionService& service, Request& request, const Respond& respond);
Result<> get_metrics(FunctionService& service, Request& request, const Respond& respond);

}  // namespace hotcell::api
