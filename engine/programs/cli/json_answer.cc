#include "engine/programs/cli/json_answer.h"

#include <boost/json.hpp>

#include "engine/programs/cli/output.h"

namespace hotcell::cli {

namespace json = boost::json;

Outcome<json::object> object_in(const Answer& answer, const std::string& path) {
    json::error_code error;
    auto document = json::parse(answer.body, error);
    if (error || !document.is_object())
        return std::unexpected(Failure{kEngineFailed, "Broken", "the answer to " + path + " is not a JSON object"});
    return std::move(document.get_object());
}

Outcome<json::object> get_object(const Host& host, const std::string& path) {
    const auto answer = get(host, path);
    if (!answer) return std::unexpected(answer.error());
    return object_in(*answer, path);
}

Outcome<int> show_items(const json::array& items, const std::vector<Column>& columns, bool as_json) {
    if (as_json) {
        write_bytes(stdout, json::serialize(items) + "\n");
        return kSuccess;
    }
    std::vector<Row> rows(1);
    for (const auto& [title, name] : columns) rows.front().emplace_back(title);
    for (const auto& item : items) {
        if (!item.is_object()) continue;
        Row& row = rows.emplace_back();
        for (const auto& [title, name] : columns) row.push_back(text_of(item.get_object(), name));
    }
    print_table(rows);
    return kSuccess;
}

Outcome<int> show_pages(const Host& host, const std::string& path, const char* member,
                        const std::vector<Column>& columns, bool as_json) {
    const auto items = get_list(host, path, member);
    if (!items) return std::unexpected(items.error());
    return show_items(*items, columns, as_json);
}

Outcome<json::array> get_list(const Host& host, const std::string& path, const char* member) {
    json::array items;
    for (std::string token;;) {
        const auto page =
            get_object(host, path + "?limit=100" + (token.empty() ? "" : "&nextToken=" + percent_encode(token)));
        if (!page) return std::unexpected(page.error());
        const auto* part = page->if_contains(member);
        if (part == nullptr || !part->is_array())
            return std::unexpected(Failure{kEngineFailed, "Broken", "the answer to " + path + " has no " + member});
        items.insert(items.end(), part->get_array().begin(), part->get_array().end());
        token = text_of(*page, "nextToken");
        if (token.empty()) return items;
    }
}

}  // namespace hotcell::cli
