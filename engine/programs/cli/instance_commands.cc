#include "engine/programs/cli/instance_commands.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <vector>

#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

Outcome<std::string> query_of(const std::string& text) {
    if (text.empty()) return "";
    const auto target = parse_target(text, false);
    if (!target) return std::unexpected(target.error());
    std::string query = "?service=" + percent_encode(target->service);
    if (!target->function.empty()) query += "&function=" + percent_encode(target->function);
    return query;
}

/// The list `member` of the answer, and its items as rows of the columns.
Outcome<int> show_list(const Host& host, const std::string& path, const char* member,
                       const std::vector<Column>& columns, bool as_json) {
    const auto answer = get_object(host, path);
    if (!answer) return std::unexpected(answer.error());
    const auto* items = answer->if_contains(member);
    if (items == nullptr || !items->is_array())
        return std::unexpected(Failure{kEngineFailed, "Broken", "the answer to " + path + " has no " + member});
    return show_items(items->get_array(), columns, as_json);
}

}  // namespace

Outcome<int> list_instances(const Host& host, const std::string& target, bool as_json) {
    const auto query = query_of(target);
    if (!query) return std::unexpected(query.error());
    return show_list(host, "/v1/instances" + *query, "instances",
                     {{"INSTANCE", "instanceId"},
                      {"SERVICE", "serviceName"},
                      {"FUNCTION", "functionName"},
                      {"VERSION", "version"},
                      {"STATE", "state"},
                      {"START", "start"},
                      {"CALLS", "calls"},
                      {"BYTES", "memoryBytes"},
                      {"SINCE", "createdTime"}},
                     as_json);
}

Outcome<int> evict_instances(const Host& host, const std::string& target, bool as_json) {
    const auto query = query_of(target);
    if (!query) return std::unexpected(query.error());
    const std::string path = "/v1/instances:evict" + *query;
    const auto answer = send(host, {"POST", path});
    if (!answer) return std::unexpected(answer.error());
    const auto evicted = object_in(*answer, path);
    if (!evicted) return std::unexpected(evicted.error());
    if (as_json)
        write_bytes(stdout, answer->body + "\n");
    else
        fmt::print("evicted {}\n", text_of(*evicted, "evicted"));
    return kSuccess;
}

Outcome<int> list_runtimes(const Host& host, bool as_json) {
    return show_list(host, "/v1/runtimes", "runtimes",
                     {{"RUNTIME", "name"}, {"ROOT", "root"}, {"STARTS", "starts"}, {"SERVES", "serves"}}, as_json);
}

}  // namespace hotcell::cli
