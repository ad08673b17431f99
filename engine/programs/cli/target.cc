#include "engine/programs/cli/target.h"

#include <algorithm>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

std::string Target::path() const {
    std::string path = "/2016-08-15/services/" + percent_encode(service);
    if (!qualifier.empty()) path += "." + percent_encode(qualifier);
    if (!function.empty()) path += "/functions/" + percent_encode(function);
    return path;
}

std::string Target::shown() const { return function.empty() ? service : service + "/" + function; }

Outcome<Target> parse_target(std::string_view text, bool function_needed) {
    const std::string_view whole = text;
    const auto refuse = [&] {
        const std::string form = function_needed ? "SERVICE/FUNCTION[@QUALIFIER]" : "SERVICE[/FUNCTION]";
        return std::unexpected(
            Failure{kUsage, "InvalidArgument", "target: must be " + form + ", not \"" + std::string(whole) + "\""});
    };
    Target target;
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        target.qualifier = text.substr(at + 1);
        text = text.substr(0, at);
        if (target.qualifier.empty()) return refuse();
    }
    const auto slash = text.find('/');
    target.service = text.substr(0, slash);
    if (slash != std::string_view::npos) target.function = text.substr(slash + 1);
    if (const auto dot = target.service.find('.'); dot != std::string::npos && target.qualifier.empty()) {
        target.qualifier = target.service.substr(dot + 1);
        target.service.resize(dot);
    }
    if (target.service.empty() || (target.function.empty() && (function_needed || slash != std::string_view::npos)))
        return refuse();
    return target;
}

}  // namespace hotcell::cli
