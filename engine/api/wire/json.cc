#include "engine/api/wire/json.h"

#include <boost/json.hpp>

#include "engine/api/wire/base64.h"
#include "engine/api/wire/json_text.h"
#include "engine/api/wire/utf8.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

json::string text(std::string_view value) { return json_text(value); }

void put_stream(json::object& out, const std::string& name, const std::string& bytes, bool truncated) {
    const bool plain = is_utf8(bytes);
    out[name] = text(plain ? bytes : base64(bytes));
    out[name + "Encoding"] = plain ? "utf-8" : "base64";
    out[name + "Truncated"] = truncated;
}

json::array features(const std::vector<Feature>& list) {
    json::array out;
    for (const Feature& feature : list) {
        json::object item{
            {"name", text(feature.name)}, {"state", text(feature.state)}, {"reason", text(feature.reason)}};
        if (!feature.hint.empty()) item["hint"] = text(feature.hint);
        out.push_back(std::move(item));
    }
    return out;
}

}  // namespace

std::string micros_text(Nanos duration) {
    const auto nanos = duration.count() < 0 ? 0 : duration.count();
    const auto rest = std::to_string(1'000 + nanos % 1'000);
    return std::to_string(nanos / 1'000) + "." + rest.substr(1);
}

std::string json_of_times(Nanos total, const std::vector<Phase>& phases) {
    std::string members = "\"totalMicros\":" + micros_text(total) + ",\"phases\":[";
    for (const Phase& phase : phases)
        members +=
            "{\"name\":" + json::serialize(text(phase.name)) + ",\"micros\":" + micros_text(phase.duration) + "},";
    if (!phases.empty()) members.pop_back();
    return members + "]";
}

std::string json_of(const RunReport& report) {
    json::object out{{"requestId", text(report.request_id)},
                     {"start", text(name_of(report.start))},
                     {"slot", text(name_of(report.slot))},
                     {"outcome", text(name_of(report.outcome))},
                     {"code", report.code}};
    put_stream(out, "output", report.output, report.output_truncated);
    put_stream(out, "log", report.log, report.log_truncated);
    out["peakMemoryBytes"] = report.peak_memory.count;
    out["cpuMicros"] = report.cpu.count();
    std::string document = json::serialize(out);
    document.back() = ',';  // the closing brace comes after the durations
    return document + json_of_times(report.total, report.phases) + "}";
}

std::string json_of(const EngineDescription& engine) {
    json::array pools, runtimes;
    for (const PoolState& pool : engine.pools)
        pools.push_back(json::object{{"runtime", text(pool.runtime)},
                                     {"start", text(pool.start)},
                                     {"ready", pool.ready},
                                     {"building", pool.building},
                                     {"busy", pool.busy},
                                     {"built", pool.built},
                                     {"destroyed", pool.destroyed},
                                     {"failedBuilds", pool.failed_builds}});
    for (const std::string& runtime : engine.runtimes) runtimes.push_back(text(runtime));
    return json::serialize(json::object{{"version", text(engine.version)},
                                        {"instance", text(engine.instance)},
                                        {"cgroupDriver", text(engine.cgroup_driver)},
                                        {"landlockAbi", engine.landlock_abi},
                                        {"features", features(engine.features)},
                                        {"confinement", features(engine.confinement)},
                                        {"settings", features(engine.settings)},
                                        {"runtimes", std::move(runtimes)},
                                        {"pools", std::move(pools)},
                                        {"async",
                                         {{"waiting", engine.async.waiting},
                                          {"waitingBytes", engine.async.waiting_bytes},
                                          {"running", engine.async.running},
                                          {"records", engine.async.records}}},
                                        {"runs", engine.runs},
                                        {"failedStarts", engine.failed_starts}});
}

std::string json_of_error(std::string_view code, std::string_view message, std::string_view hint,
                          std::string_view request_id) {
    json::object out{{"ErrorCode", text(code)},
                     {"ErrorMessage", text(message)},
                     {"Code", text(code)},
                     {"Message", text(message)},
                     {"RequestId", text(request_id)}};
    if (!hint.empty()) out["Hint"] = text(hint);
    return json::serialize(out);
}

std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    json::object out;
    for (const auto& [name, value] : fields) out[name] = text(value);
    return json::serialize(out);
}

}  // namespace hotcell::api
