#include "engine/api/wire/json_text.h"

#include <fmt/chrono.h>

#include <ctime>

namespace hotcell::api {

namespace json = boost::json;

json::array json_list(const std::vector<std::string>& values) {
    json::array list;
    for (const auto& value : values) list.push_back(json_text(value));
    return list;
}

json::object json_texts(const std::map<std::string, std::string>& values) {
    json::object object;
    for (const auto& [name, value] : values) object[name] = json_text(value);
    return object;
}

std::string iso_time(std::int64_t milliseconds) {
    const auto rest = ((milliseconds % 1'000) + 1'000) % 1'000;
    return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>((milliseconds - rest) / 1'000)), rest);
}

}  // namespace hotcell::api
