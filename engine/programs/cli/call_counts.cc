#include "engine/programs/cli/call_counts.h"

#include <algorithm>
#include <cstdlib>

namespace hotcell::cli {

namespace {

/// The value of a label; names of services, functions and outcomes hold nothing that would be escaped.
std::string_view label_of(std::string_view line, std::string_view name) {
    for (std::size_t at = line.find(name); at != std::string_view::npos; at = line.find(name, at + 1)) {
        const bool whole = at > 0 && (line[at - 1] == '{' || line[at - 1] == ',');
        const auto rest = line.substr(at + name.size());
        if (!whole || !rest.starts_with("=\"")) continue;
        return rest.substr(2, rest.find('"', 2) - 2);
    }
    return {};
}

std::uint64_t value_of(std::string_view line) {
    const auto space = line.rfind(' ');
    if (space == std::string_view::npos) return 0;
    return static_cast<std::uint64_t>(std::strtod(std::string(line.substr(space + 1)).c_str(), nullptr));
}

}  // namespace

std::uint64_t CallCounts::all() const {
    std::uint64_t sum = 0;
    for (const auto& [outcome, count] : by_outcome) sum += count;
    return sum;
}

std::uint64_t CallCounts::failed() const {
    const auto succeeded = by_outcome.find("Succeeded");
    return all() - (succeeded == by_outcome.end() ? 0 : succeeded->second);
}

CallCounts read_call_counts(std::string_view metrics, const std::string& service, const std::string& function) {
    CallCounts counts;
    while (!metrics.empty()) {
        const auto line = metrics.substr(0, metrics.find('\n'));
        metrics.remove_prefix(std::min(line.size() + 1, metrics.size()));
        if (label_of(line, "service") != service) continue;
        if (!function.empty() && label_of(line, "function") != function) continue;
        if (line.starts_with("hotcell_invocations_total{"))
            counts.by_outcome[std::string(label_of(line, "outcome"))] += value_of(line);
        if (line.starts_with("hotcell_cold_starts_total{")) counts.cold_starts += value_of(line);
    }
    return counts;
}

Outcome<CallCounts> get_call_counts(const Host& host, const std::string& service, const std::string& function) {
    const auto metrics = get(host, "/metrics");
    if (!metrics) return std::unexpected(metrics.error());
    return read_call_counts(metrics->body, service, function);
}

}  // namespace hotcell::cli
