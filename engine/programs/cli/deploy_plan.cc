#include "engine/programs/cli/deploy_plan.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

struct Plan {
    bool creates_service = false;
    bool creates = false;
    json::array fields;  // {"name", "from", "to"}

    const char* action() const { return creates ? "create" : fields.empty() ? "unchanged" : "change"; }
    void add(std::string_view name, json::value from, json::value to) {
        fields.push_back(json::object{
            {"name", json::string(name.data(), name.size())}, {"from", std::move(from)}, {"to", std::move(to)}});
    }
};

json::string size_of(const std::string& package) { return json::string(std::to_string(package.size()) + " bytes"); }

/// Numbers that mean the same are the same, however they were read.
bool is_same(const json::value& a, const json::value& b) {
    if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
    return a == b;
}

/// The package as it is deployed, to be compared byte by byte.
Outcome<std::string> deployed_package(const Host& host, const Target& target) {
    const std::string of = percent_encode(target.service) + "/functions/" + percent_encode(target.function);
    auto answer = get(host, "/v1/packages/services/" + of);
    if (!answer) return std::unexpected(answer.error());
    return std::move(answer->body);
}

Outcome<Plan> make_plan(const Host& host, const Target& target, const json::object& wanted,
                        const std::optional<std::string>& package) {
    Plan plan;
    json::object present;
    auto answer = get_object(host, target.path());
    if (answer)
        present = std::move(*answer);
    else if (answer.error().exit_status == kNotFound)
        plan.creates = true;
    else
        return std::unexpected(answer.error());
    plan.creates_service = plan.creates && answer.error().code == "ServiceNotFound";
    for (const auto& [name, value] : wanted) {
        const auto* now = present.if_contains(name);
        if (now == nullptr || !is_same(*now, value))
            plan.add({name.data(), name.size()}, now == nullptr ? json::value(nullptr) : *now, value);
    }
    if (!package) return plan;
    if (plan.creates) {
        plan.add("code", nullptr, size_of(*package));
        return plan;
    }
    const auto deployed = deployed_package(host, target);
    if (!deployed) return std::unexpected(deployed.error());
    if (*deployed == *package) return plan;
    json::string to = size_of(*package);
    if (deployed->size() == package->size()) to += ", which differ";
    plan.add("code", size_of(*deployed), std::move(to));
    return plan;
}

}  // namespace

Outcome<int> show_plan(const Host& host, const Target& target, const json::object& wanted,
                       const std::optional<std::string>& package, bool as_json) {
    const auto plan = make_plan(host, target, wanted, package);
    if (!plan) return std::unexpected(plan.error());
    const auto shown = target.shown();
    if (as_json) {
        write_bytes(stdout, json::serialize(json::object{{"target", json::string(shown)},
                                                         {"action", plan->action()},
                                                         {"createsService", plan->creates_service},
                                                         {"fields", plan->fields}}) +
                                "\n");
        return kSuccess;
    }
    if (plan->creates_service) fmt::print("+ create service {}\n", target.service);
    const char* sign = plan->creates ? "+ create" : plan->fields.empty() ? "= unchanged" : "~ change";
    fmt::print("{} function {}\n", sign, shown);
    for (const auto& field : plan->fields)
        fmt::print("    {}: {} -> {}\n", text_of(field.as_object(), "name"), text_of(field.as_object(), "from"),
                   text_of(field.as_object(), "to"));
    return kSuccess;
}

}  // namespace hotcell::cli
