#include "engine/api/wire/json_fields.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <numeric>

#include "engine/api/wire/json_body.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

std::string_view view_of(json::string_view text) { return {text.data(), text.size()}; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Numbers inside an object size something that other members switch on.
bool is_empty(const json::value& value, bool inside) {
    switch (value.kind()) {
        case json::kind::null: return true;
        case json::kind::bool_: return !value.get_bool();
        case json::kind::string: return value.get_string().empty();
        case json::kind::array: return value.get_array().empty();
        case json::kind::object:
            return std::ranges::all_of(value.get_object(),
                                       [](const auto& member) { return is_empty(member.value(), true); });
        default: return inside || value == json::value(0);
    }
}

/// What the client wrote, short enough and clean enough to stand in a message.
std::string shown(const json::value& value) {
    if (value.is_object() || value.is_array()) return value.is_object() ? "an object" : "a list";
    if (!value.is_string()) return json::serialize(value);
    std::string text;
    for (const unsigned char byte : view_of(value.get_string()).substr(0, 40))
        text.push_back(byte < 0x20 || byte >= 0x7f ? '?' : static_cast<char>(byte));
    return '"' + text + (value.get_string().size() > 40 ? "…\"" : "\"");
}

bool has_zero(std::string_view text) { return text.find('\0') != std::string_view::npos; }

/// How many letters must be put in, taken out or replaced to make one of the other, case aside.
std::size_t distance_of(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t k = 1; k <= b.size(); ++k) {
            const std::size_t replaced = diagonal + (lower(a[i - 1]) == lower(b[k - 1]) ? 0 : 1);
            diagonal = std::exchange(row[k], std::min({replaced, row[k] + 1, row[k - 1] + 1}));
        }
    }
    return row.back();
}

bool is_slip_of(std::string_view written, std::string_view meant) {
    if (meant.size() < 5 || written.size() > 64) return false;
    return distance_of(written, meant) <= (meant.size() < 8 ? 1u : 2u);
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

const json::value* JsonFields::find(std::string_view name) const {
    asked_.push_back(name);
    const auto* value = object_->if_contains(json::string_view(name.data(), name.size()));
    for (auto member = object_->begin(); value == nullptr && member != object_->end(); ++member)
        if (equals_ignoring_case(view_of(member->key()), name)) value = &member->value();
    return value == nullptr || value->is_null() ? nullptr : value;
}

bool JsonFields::has(std::string_view name) const {
    return std::ranges::any_of(*object_,
                               [&](const auto& member) { return equals_ignoring_case(view_of(member.key()), name); });
}

std::unexpected<Error> JsonFields::refuse(std::string_view name, std::string_view rule,
                                          const json::value& value) const {
    return fail(ErrorKind::InvalidArgument,
                path_ + std::string(name) + ": " + std::string(rule) + ", not " + shown(value));
}

Result<std::optional<std::string>> JsonFields::text(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) return refuse(name, "must be a string", *value);
    std::string text(view_of(value->get_string()));
    if (has_zero(text)) return refuse(name, "must have no zero character", *value);
    return text;
}

Result<std::optional<std::uint32_t>> JsonFields::number(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    json::error_code error;
    if (value->is_number()) {
        const auto number = value->to_number<std::uint32_t>(error);
        if (!error) return number;
    }
    return refuse(name, "must be a whole number in 0..4294967295", *value);
}

Result<std::optional<std::int32_t>> JsonFields::integer(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    json::error_code error;
    if (value->is_number()) {
        const auto number = value->to_number<std::int32_t>(error);
        if (!error) return number;
    }
    return refuse(name, "must be a whole number in -2147483648..2147483647", *value);
}

Result<std::optional<double>> JsonFields::decimal(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) return refuse(name, "must be a number", *value);
    return value->to_number<double>();
}

Result<std::optional<bool>> JsonFields::boolean(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_bool()) return refuse(name, "must be true or false", *value);
    return value->get_bool();
}

Result<std::optional<std::map<std::string, std::string>>> JsonFields::texts(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) return refuse(name, "must be an object", *value);
    std::map<std::string, std::string> texts;
    for (const auto& member : value->get_object()) {
        if (!member.value().is_string()) return refuse(name, "must have values that are strings", member.value());
        const auto key = view_of(member.key()), text = view_of(member.value().get_string());
        if (has_zero(key) || has_zero(text)) return refuse(name, "must have no zero character", member.value());
        texts.emplace(key, text);
    }
    return texts;
}

Result<std::optional<std::map<std::string, double>>> JsonFields::decimals(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) return refuse(name, "must be an object", *value);
    std::map<std::string, double> numbers;
    for (const auto& member : value->get_object()) {
        if (!member.value().is_number()) return refuse(name, "must have values that are numbers", member.value());
        if (has_zero(view_of(member.key()))) return refuse(name, "must have no zero character", *value);
        numbers.emplace(view_of(member.key()), member.value().to_number<double>());
    }
    return numbers;
}

Result<std::optional<std::vector<std::string>>> JsonFields::text_list(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_array()) return refuse(name, "must be a list", *value);
    std::vector<std::string> texts;
    for (const auto& item : value->get_array()) {
        if (!item.is_string()) return refuse(name, "must be a list of strings", item);
        if (has_zero(view_of(item.get_string()))) return refuse(name, "must have no zero character", item);
        texts.emplace_back(view_of(item.get_string()));
    }
    return texts;
}

Result<std::optional<JsonFields>> JsonFields::object(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) return refuse(name, "must be an object", *value);
    return JsonFields(value->get_object(), path_ + std::string(name) + ".");
}

Result<std::optional<std::vector<JsonFields>>> JsonFields::object_list(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_array()) return refuse(name, "must be a list", *value);
    std::vector<JsonFields> items;
    for (const auto& item : value->get_array()) {
        if (!item.is_object()) return refuse(name, "must be a list of objects", item);
        items.emplace_back(item.get_object(), path_ + std::string(name) + "[" + std::to_string(items.size()) + "].");
    }
    return items;
}

Result<std::optional<JsonFields>> JsonFields::object_or_text(std::string_view name, json::object& holder) const {
    const auto* value = find(name);
    if (value == nullptr || !value->is_string()) return object(name);
    if (value->get_string().empty()) return std::nullopt;
    holder = TRY_IN(path_ + std::string(name), parse_json_body(view_of(value->get_string()), Bytes{0}))
    .object;
    return JsonFields(holder, path_ + std::string(name) + ".");
}

Result<> JsonFields::expect_usual(std::string_view name, std::string_view usual) const {
    const auto* value = find(name);
    if (value == nullptr || is_empty(*value, false) || json::serialize(*value) == usual) return {};
    return refuse(name, "not supported here: leave it out" + (usual.empty() ? "" : " or send " + std::string(usual)),
                  *value);
}

Result<> JsonFields::refuse_slips() const {
    for (const auto& member : *object_) {
        const auto written = view_of(member.key());
        const auto is_known = [&](std::string_view name) { return equals_ignoring_case(name, written); };
        if (std::ranges::any_of(asked_, is_known)) continue;
        const auto meant =
            std::ranges::find_if(asked_, [&](std::string_view name) { return is_slip_of(written, name); });
        if (meant == asked_.end()) continue;
        return fail(ErrorKind::InvalidArgument, path_ + "the member " + quote(written) + " is unknown",
                    "did you mean " + std::string(*meant) + "?");
    }
    return {};
}

}  // namespace hotcell::api
