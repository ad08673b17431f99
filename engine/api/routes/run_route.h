// POST /v1/run: an ad-hoc program, run once in a sandbox of its own.
#pragma once

#include "engine/api/message.h"
#include "engine/api/run_service.h"

namespace hotcell::api {

void answer_run(RunService& service, Request request, const Respond& respond);

/// "queue;dur=0.012, sandbox;dur=1.930": milliseconds, the top-level phases only (Server Timing, W3C).
std::string server_timing(const RunReport& report);

}  // namespace hotcell::api
