#include "engine/programs/cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace hotcell::cli {

namespace json = boost::json;

std::string clean(std::string text) {
    std::ranges::replace_if(
        text, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, '?');
    return text;
}

void print_table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i == widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += i + 1 == row.size() ? clean(row[i]) : fmt::format("{:<{}}  ", clean(row[i]), widths[i]);
        fmt::print("{}\n", line);
    }
}

void write_bytes(std::FILE* to, const std::string& bytes) { std::fwrite(bytes.data(), 1, bytes.size(), to); }

void print_phases(const json::object& report) {
    fmt::print(stderr, "{:<36}{:>12}\n", "phase", "µs");
    for (const auto& value : report.at("phases").as_array()) {
        const auto& phase = value.as_object();
        const std::string name(phase.at("name").as_string());
        const bool part = name.find('.') != std::string::npos;
        fmt::print(stderr, "{:<36}{:>12.1f}\n", (part ? "  " : "") + name, phase.at("micros").to_number<double>());
    }
    fmt::print(stderr, "{:<36}{:>12.1f}\n", "total", report.at("totalMicros").to_number<double>());
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
    if (value == nullptr || value->is_null()) return "";
    if (value->is_string()) return std::string(value->get_string());
    const auto* list = value->if_array();
    if (list == nullptr || !std::ranges::all_of(*list, [](const auto& one) { return one.is_string(); }))
        return json::serialize(*value);
    std::string joined;
    for (const auto& one : *list) joined += (joined.empty() ? "" : ", ") + std::string(one.get_string());
    return joined;
}

}  // namespace hotcell::cli
