// POST /v1/run: an ad-hoc program, run once in a sandbox of its own.
#pragma once

#include "engine/api/message.h"
#include "engine/api/routes/route.h"

namespace hotcell::api {

void answer_run(const Services& services, Request request, Respond respond);

}  // namespace hotcell::api
