#include "engine/api/routes/call_headers.h"

#include <fmt/format.h>

#include "engine/api/routes/server_timing.h"
#include "engine/api/wire/base64.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api {

Result<bool> wants_log_tail(const Request& request) {
    const auto type = request.header("x-fc-invocation-type");
    const auto log = request.header("x-fc-log-type");
    if (!log.empty() && log != "None" && log != "Tail") return refuse_value("LogType", "None, Tail", log);
    if (type == "Async") {
        if (log == "Tail") return refuse_value("LogType", "None", log);
        return fail(ErrorKind::InvalidArgument, "X-Fc-Invocation-Type: over HTTP a function is only called with Sync",
                    "its invocations path takes asynchronous calls");
    }
    if (!type.empty() && type != "Sync") return refuse_value("InvocationType", "Sync, Async", type);
    return log == "Tail";
}

void add_known_headers(const InvokeReport& report, HeaderFields& headers) {
    if (report.outcome != InvokeOutcome::Succeeded) headers.emplace_back("X-Fc-Error-Type", name_of(report.outcome));
    headers.emplace_back("X-Fc-Invocation-Service-Version", report.version);
    headers.emplace_back("X-Fc-Code-Checksum", std::to_string(report.code_checksum));
    headers.emplace_back("X-Fc-Instance-Id", report.instance_id);
    headers.emplace_back("Access-Control-Expose-Headers", kExposedHeaders);
}

void add_report_headers(const InvokeReport& report, bool log_tail, HeaderFields& headers) {
    const auto milliseconds = (report.handler.count() + 999'999) / 1'000'000;
    const auto mebibytes = static_cast<double>(report.peak_memory.count) / (1 << 20);
    headers.reserve(headers.size() + 9);
    add_known_headers(report, headers);
    if (log_tail) headers.emplace_back("X-Fc-Log-Result", base64(report.log_tail));
    headers.emplace_back("X-Fc-Invocation-Duration", std::to_string(milliseconds));
    headers.emplace_back("X-Fc-Max-Memory-Usage", fmt::format("{:.2f}", mebibytes));
    headers.emplace_back("Server-Timing", server_timing(report.phases, report.total));
}

}  // namespace hotcell::api
