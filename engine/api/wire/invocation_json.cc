#include "engine/api/wire/invocation_json.h"

#include <boost/json.hpp>

#include "engine/api/wire/base64.h"
#include "engine/api/wire/json_text.h"
#include "engine/api/wire/utf8.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

std::string_view word_of(InvokeOutcome outcome) {
    switch (outcome) {
        case InvokeOutcome::Succeeded: return "succeeded";
        case InvokeOutcome::HandledError: return "handled-error";
        case InvokeOutcome::UnhandledError: return "unhandled-error";
        case InvokeOutcome::InitializationError: return "initialization-error";
    }
    return "succeeded";
}

}  // namespace

std::string json_of(const InvokeReport& report) {
    const bool plain = is_utf8(report.log_tail);
    const json::object out{{"requestId", json_text(report.request_id)},
                           {"outcome", json_text(word_of(report.outcome))},
                           {"errorType", json_text(name_of(report.outcome))},
                           {"environmentEnd", json_text(name_of(report.end))},
                           {"qualifier", json_text(report.qualifier)},
                           {"version", json_text(report.version)},
                           {"instanceId", json_text(report.instance_id)},
                           {"codeChecksum", std::to_string(report.code_checksum)},
                           {"start", json_text(report.start)},
                           {"cold", report.cold},
                           {"streamed", report.streamed},
                           {"handlerMicros", report.handler.count() / 1'000},
                           {"peakMemoryBytes", report.peak_memory.count},
                           {"log", json_text(plain ? report.log_tail : base64(report.log_tail))},
                           {"logEncoding", plain ? "utf-8" : "base64"}};
    std::string document = json::serialize(out);
    document.back() = ',';  // the closing brace comes after the durations
    return document + json_of_times(report.total, report.phases) + "}";
}

std::string json_of(const std::vector<Instance>& instances) {
    json::array items;
    for (const Instance& instance : instances)
        items.push_back(json::object{{"instanceId", json_text(instance.id)},
                                     {"serviceName", json_text(instance.service)},
                                     {"functionName", json_text(instance.function)},
                                     {"version", json_text(instance.version)},
                                     {"state", json_text(instance.state)},
                                     {"start", json_text(instance.start)},
                                     {"createdTime", json_text(iso_time(instance.created_ms))},
                                     {"calls", instance.calls},
                                     {"memoryBytes", instance.memory.count}});
    return json::serialize(json::object{{"instances", std::move(items)}});
}

std::string fc_json_of(const std::vector<Instance>& instances) {
    json::array items;
    for (const Instance& instance : instances)
        items.push_back(json::object{{"instanceId", json_text(instance.id)},
                                     {"versionId", json_text(instance.version == kLatest ? "0" : instance.version)}});
    return json::serialize(json::object{{"instances", std::move(items)}});
}

std::string json_of(const std::vector<RuntimeSummary>& runtimes) {
    json::array items;
    for (const RuntimeSummary& runtime : runtimes)
        items.push_back(json::object{{"name", json_text(runtime.name)},
                                     {"serves", json_list(runtime.serves)},
                                     {"starts", json_list(runtime.starts)},
                                     {"root", json_text(runtime.root)}});
    return json::serialize(json::object{{"runtimes", std::move(items)}});
}

std::string json_of_evicted(std::uint64_t count) { return json::serialize(json::object{{"evicted", count}}); }

}  // namespace hotcell::api
