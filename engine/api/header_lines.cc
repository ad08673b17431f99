#include "engine/api/header_lines.h"

#include <algorithm>

namespace hotcell::api {

namespace {
constexpr std::size_t kUsual = 512;  // all fields of a call's answer
}

bool HeaderLines::is_value(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char byte) { return byte >= 0x20 && byte != 0x7f; });
}

void HeaderLines::add(std::string_view name, std::string_view value) {
    if (!is_value(value)) return;
    if (bytes_.empty()) bytes_.reserve(kUsual);
    bytes_.append(name).append(": ").append(value).append("\r\n");
}

bool HeaderLines::has(std::string_view name) const {
    for (std::string_view rest = bytes_; !rest.empty(); rest.remove_prefix(rest.find("\r\n") + 2))
        if (rest.starts_with(name) && rest.substr(name.size()).starts_with(": ")) return true;
    return false;
}

}  // namespace hotcell::api
