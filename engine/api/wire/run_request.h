// From the words of `POST /v1/run` to a RunRequest: the query says how, the form says what.
#pragma once

#include <string_view>

#include "hotcell/error.h"
#include "hotcell/run.h"

namespace hotcell::api {

/// InvalidArgument names the field, its limit and the value.
Result<RunRequest> read_run_request(std::string_view query, std::string_view content_type, std::string_view body);

}  // namespace hotcell::api
