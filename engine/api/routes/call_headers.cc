#include "engine/api/routes/call_headers.h"

#include "engine/api/routes/server_timing.h"
#include "engine/api/wire/base64.h"
#include "engine/api/wire/query.h"
#include "engine/base/decimal.h"
#include "engine/base/result.h"

namespace hotcell::api {

Result<bool> wants_log_tail(const Request& request) {
    const auto type = request.header("x-fc-invocation-type");
    const auto log = request.header("x-fc-log-type");
    if (!log.empty() && log != "None" && log != "Tail") return refuse_value("LogType", "None, Tail", log);
    if (!type.empty() && type != "Sync") return refuse_value("InvocationType", "Sync, Async", type);
    return log == "Tail";
}

void add_known_headers(const InvokeReport& report, HeaderLines& headers) {
    if (report.outcome != InvokeOutcome::Succeeded) headers.add("X-Fc-Error-Type", name_of(report.outcome));
    headers.add("X-Fc-Invocation-Service-Version", report.version);
    headers.add("X-Fc-Code-Checksum", std::to_string(report.code_checksum));
    headers.add("X-Fc-Instance-Id", report.instance_id);
}

void add_report_headers(const InvokeReport& report, bool log_tail, HeaderLines& headers) {
    const auto milliseconds = (report.handler.count() + 999'999) / 1'000'000;
    std::string mebibytes;
    append_decimal(mebibytes, (report.peak_memory.count * 100 + (1 << 19)) >> 20, 2);
    add_known_headers(report, headers);
    if (log_tail) headers.add("X-Fc-Log-Result", base64(report.log_tail));
    headers.add("X-Fc-Invocation-Duration", std::to_string(milliseconds));
    headers.add("X-Fc-Max-Memory-Usage", mebibytes);
    headers.add("Server-Timing", server_timing(report.phases, report.total));
}

void add_exposed(HeaderLines& headers) {
    headers.add(
        "Access-Control-Expose-Headers",
        "Date,x-fc-request-id,x-fc-error-type,x-fc-code-checksum,x-fc-invocation-duration,x-fc-max-memory-usage,"
        "x-fc-log-result,x-fc-invocation-code-version");
}

}  // namespace hotcell::api
