#include "engine/api/wire/log_json.h"

#include <boost/json.hpp>
#include <limits>

#include "engine/api/wire/json_text.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/query.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

constexpr Millis kLongestWait{60'000};
constexpr std::uint64_t kMostLines = 10'000;
constexpr std::size_t kMostId = 64;

Result<std::string> read_id(std::string_view name, std::string value) {
    const bool good = value.size() <= kMostId && value.find_first_not_of(
                                                     "0123456789abcdefghijklmnopqrstuvwxyz"
                                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == std::string::npos;
    if (good && !value.empty()) return value;
    return fail(ErrorKind::InvalidArgument,
                std::string(name) + ": must be 1..64 letters, digits and '-', not " + quote(value));
}

Result<std::int64_t> read_time(std::string_view name, std::string_view value) {
    return static_cast<std::int64_t>(TRY(parse_count(name, value, 0, std::numeric_limits<std::int64_t>::max())));
}

Result<> read_field(std::string_view name, std::string value, LogRequest& request) {
    LogQuery& query = request.query;
    if (name == "service")
        query.service = TRY(read_service_name(value));
    else if (name == "function")
        query.function = TRY(read_function_name(value));
    else if (name == "version")
        query.version = std::move(value);
    else if (name == "requestId")
        query.request_id = TRY(read_id(name, std::move(value)));
    else if (name == "instanceId")
        query.instance_id = TRY(read_id(name, std::move(value)));
    else if (name == "match")
        query.match = std::move(value);
    else if (name == "since")
        query.since_ms = TRY(read_time(name, value));
    else if (name == "until")
        query.until_ms = TRY(read_time(name, value));
    else if (name == "after")
        query.after = TRY(parse_count(name, value, 0, std::numeric_limits<std::uint64_t>::max()));
    else if (name == "limit")
        query.limit = static_cast<std::uint32_t>(TRY(parse_count(name, value, 1, kMostLines)));
    else if (name == "wait")
        request.wait = TRY(parse_duration(name, value, Millis(0), kLongestWait));
    else
        return fail(ErrorKind::InvalidArgument, "query: the field " + quote(name) + " is unknown",
                    "service function version requestId instanceId match since until after limit wait");
    return {};
}

}  // namespace

Result<LogRequest> read_log_request(std::string_view query) {
    LogRequest request;
    for (auto& [name, value] : TRY(parse_query(query))) TRY(read_field(name, std::move(value), request));
    if (!request.query.function.empty() && request.query.service.empty())
        return fail(ErrorKind::InvalidArgument, "query: function needs service beside it");
    return request;
}

std::string json_of(const LogPage& page) {
    json::array lines;
    lines.reserve(page.lines.size());
    for (const LogLine& line : page.lines)
        lines.push_back(json::object{{"number", line.number},
                                     {"time", json_text(iso_time(line.at_ms))},
                                     {"serviceName", json_text(line.service)},
                                     {"functionName", json_text(line.function)},
                                     {"version", json_text(line.version)},
                                     {"requestId", json_text(line.request_id)},
                                     {"instanceId", json_text(line.instance_id)},
                                     {"stream", line.stream == LogStream::Out ? "stdout" : "stderr"},
                                     {"truncated", line.truncated},
                                     {"message", json_text(line.text)}});
    return json::serialize(json::object{{"lines", std::move(lines)}, {"last", page.last}, {"lost", page.lost}});
}

}  // namespace hotcell::api
