#include "engine/api/wire/async_json.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "engine/api/wire/json_text.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"
#include "engine/base/utf8.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 10> kStatuses = {"Enqueued", "Dequeued", "Running", "Succeeded", "Failed",
                                                        "Stopped",  "Stopping", "Expired", "Invalid",   "Retrying"};
constexpr std::int64_t kLatestTime = 253'402'300'799'999;  // the end of the year 9999
constexpr std::size_t kLongestId = 128;

/// Payloads are text here: what is not UTF-8 in them is shown as U+FFFD.
json::string payload_text(std::string_view bytes) { return json_text(as_utf8(bytes)); }

json::object object_of(const AsyncRecord& record) {
    json::array events;
    for (const AsyncRecord::Event& event : record.events)
        events.push_back(json::object{{"eventId", event.id},
                                      {"status", json_text(event.status)},
                                      {"timestamp", event.at_ms},
                                      {"eventDetail", payload_text(event.detail)}});
    json::object out{{"functionName", json_text(record.function)},
                     {"serviceName", json_text(record.service)},
                     {"qualifier", json_text(record.qualifier)},
                     {"invocationId", json_text(record.invocation_id)},
                     {"requestId", json_text(record.request_id)},
                     {"status", json_text(record.status)},
                     {"startedTime", record.started_ms},
                     {"endTime", record.ended_ms},
                     {"durationMs", record.ended_ms == 0 || record.started_ms == 0
                                        ? 0
                                        : std::max<std::int64_t>(record.ended_ms - record.started_ms, 0)},
                     {"alreadyRetriedTimes", record.retries},
                     {"instanceId", json_text(record.instance_id)},
                     {"destinationStatus", json_text(record.destination_status)},
                     {"invocationErrorMessage", payload_text(record.error_message)},
                     {"invocationPayload", payload_text(record.payload)},
                     {"returnPayload", payload_text(record.result)}};
    if (!events.empty()) out["events"] = std::move(events);
    return out;
}

Result<bool> read_choice(std::string_view name, std::string_view value, std::string_view yes, std::string_view no) {
    if (value == yes) return true;
    if (value == no) return false;
    return refuse_value(name, std::string(yes) + ", " + std::string(no), value);
}

}  // namespace

std::string json_of(const AsyncRecord& record) { return json::serialize(object_of(record)); }

std::string json_of(const Page<AsyncRecord>& page) { return json_of_page("invocations", page, object_of); }

Result<AsyncListRequest> read_async_list(std::string_view query) {
    AsyncListRequest request;
    const auto time = [](std::string_view name, std::string_view value) -> Result<std::int64_t> {
        return static_cast<std::int64_t>(TRY(parse_count(name, value, 0, kLatestTime)));
    };
    for (auto& [name, value] : TRY(parse_query(query))) {
        if (name == "limit")
            request.limit = static_cast<std::uint32_t>(TRY(parse_count(name, value, 1, 100)));
        else if (name == "nextToken")
            request.next_token = std::move(value);
        else if (name == "startedTimeBegin")
            request.started_from_ms = TRY(time(name, value));
        else if (name == "startedTimeEnd")
            request.started_to_ms = TRY(time(name, value));
        else if (name == "sortOrderByTime")
            request.ascending = TRY(read_choice(name, value, "asc", "desc"));
        else if (name == "includePayload")
            request.with_payload = TRY(read_choice(name, value, "true", "false"));
        else if (name == "invocationIdPrefix" && value.size() > kLongestId)
            return refuse_value(name, "at most 128 characters", value);
        else if (name == "invocationIdPrefix")
            request.id_prefix = std::move(value);
        else if (name == "status" && !value.empty() && std::ranges::find(kStatuses, value) == kStatuses.end())
            return refuse_value(
                name, "Enqueued, Dequeued, Running, Succeeded, Failed, Stopped, Stopping, Expired, Invalid, Retrying",
                value);
        else if (name == "status")
            request.status = std::move(value);
    }
    return request;
}

}  // namespace hotcell::api
