#include "engine/embed/provision_goals.h"

#include <utility>

namespace hotcell::embed {

namespace {

constexpr std::uint32_t kPage = 100;

/// The version that a qualifier means: of an alias the one that most of its calls go to.
Result<std::string> version_of(const Catalog& catalog, const FunctionReference& of) {
    if (of.qualifier.empty() || of.qualifier == kLatest) return std::string(kLatest);
    if (of.qualifier.find_first_not_of("0123456789") == of.qualifier.npos) return of.qualifier;
    auto alias = catalog.get_alias(of.service, of.qualifier);
    if (!alias) return std::unexpected(std::move(alias).error());
    return std::move(alias->version);
}

dispatch::ProvisionGoal goal_of(const Catalog& catalog, ProvisionConfig config) {
    dispatch::ProvisionGoal goal;
    goal.config = std::move(config);
    const FunctionReference& of = goal.config.of;
    const auto refuse = [&](const Error& error) {
        goal.error = error.message();
        return goal;
    };
    auto version = version_of(catalog, of);
    if (!version) return refuse(version.error());
    auto service = catalog.get_service(of.service, *version);
    if (!service) return refuse(service.error());
    auto function = catalog.get_function(of.service, of.function, *version);
    if (!function) return refuse(function.error());
    goal.version = std::move(*version);
    goal.service = std::make_shared<const Service>(std::move(*service));
    goal.function = std::make_shared<const Function>(std::move(*function));
    return goal;
}

}  // namespace

std::vector<dispatch::ProvisionGoal> provision_goals(const Catalog& catalog) {
    std::vector<dispatch::ProvisionGoal> goals;
    PageRequest request;
    request.limit = kPage;
    do {
        auto page = catalog.list_provision_configs({}, request);
        if (!page) break;
        for (ProvisionConfig& config : page->items) goals.push_back(goal_of(catalog, std::move(config)));
        request.next_token = std::move(page->next_token);
    } while (!request.next_token.empty());
    return goals;
}

bool is_meant_by_alias(const Catalog& catalog, const std::string& service, const std::string& version) {
    PageRequest request;
    request.limit = kPage;
    do {
        auto page = catalog.list_aliases(service, request);
        if (!page) return false;
        for (const Alias& alias : page->items)
            if (alias.version == version || alias.extra_weights.contains(version)) return true;
        request.next_token = std::move(page->next_token);
    } while (!request.next_token.empty());
    return false;
}

}  // namespace hotcell::embed
