#include "engine/api/wire/json_body.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "engine/api/limits.h"
#include "engine/api/wire/base64.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

/// Builds the document from the parser's events, and judges what the parser does not: repeated keys, how many there are.
class Builder {
public:
    static constexpr std::size_t max_object_size = kMaxJsonKeys;
    static constexpr std::size_t max_array_size = kMaxJsonKeys;
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    Builder(std::size_t most_zip, std::size_t text_size) : most_zip_(most_zip) {
        text_size_ = text_size;
        stack_.reset();
    }

    JsonBody take() {
        JsonBody body{std::move(stack_.release().as_object()), std::nullopt};
        if (has_zip_) body.zip = std::move(zip_.bytes());
        return body;
    }
    std::optional<Error>& refusal() { return refusal_; }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        levels_.push_back({true, {}, {}});
        return true;
    }
    bool on_object_end(std::size_t n, json::error_code&) {
        stack_.push_object(n);
        levels_.pop_back();
        return true;
    }
    bool on_array_begin(json::error_code& error) {
        if (levels_.empty()) return refuse(error, "body: must be a JSON object");
        levels_.push_back({false, {}, {}});
        return true;
    }
    bool on_array_end(std::size_t n, json::error_code&) {
        stack_.push_array(n);
        levels_.pop_back();
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        levels_.back().key.append(part.data(), part.size());
        stack_.push_chars(part);
        return true;
    }
    bool on_key(json::string_view rest, std::size_t, json::error_code& error) {
        Level& level = levels_.back();
        level.key.append(rest.data(), rest.size());
        stack_.push_key(rest);
        if (++keys_ > kMaxJsonKeys)
            return refuse(error, "body: at most " + std::to_string(kMaxJsonKeys) + " keys in all");
        if (!level.seen.insert(level.key).second) return refuse(error, "body: a key is given more than once");
        level.last.swap(level.key);
        level.key.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code& error) {
        if (is_zip()) return add_to_zip(part, error);
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view rest, std::size_t, json::error_code& error) {
        if (!is_zip()) {
            stack_.push_string(rest);
            return count_value(error);
        }
        if (!add_to_zip(rest, error)) return false;
        if (!zip_.finish()) return refuse(error, "code.zipFile: is not base64");
        has_zip_ = true;
        stack_.push_string("");
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, json::error_code& error) {
        stack_.push_int64(number);
        return count_value(error);
    }
    bool on_uint64(std::uint64_t number, json::string_view, json::error_code& error) {
        stack_.push_uint64(number);
        return count_value(error);
    }
    bool on_double(double number, json::string_view, json::error_code& error) {
        if (!std::isfinite(number)) return refuse(error, "body: a number is too large");
        stack_.push_double(number);
        return count_value(error);
    }
    bool on_bool(bool value, json::error_code& error) {
        stack_.push_bool(value);
        return count_value(error);
    }
    bool on_null(json::error_code& error) {
        stack_.push_null();
        return count_value(error);
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    struct Level {
        bool is_object;
        std::string key;   // under way
        std::string last;  // the value's that comes
        std::set<std::string, std::less<>> seen{};
    };

    bool is_zip() const {
        return levels_.size() == 2 && levels_[0].is_object && levels_[1].is_object && levels_[0].last == "code" &&
               levels_[1].last == "zipFile";
    }
    bool add_to_zip(json::string_view part, json::error_code& error) {
        if (zip_.bytes().empty()) zip_.bytes().reserve(std::min(text_size_ / 4 * 3, most_zip_));
        if (!zip_.add({part.data(), part.size()})) return refuse(error, "code.zipFile: is not base64");
        if (zip_.bytes().size() <= most_zip_) return true;
        refuse(error, "code.zipFile: at most " + std::to_string(most_zip_) + " bytes of package");
        refusal_->code = "EntityTooLarge";
        return false;
    }
    /// Values of arrays have no key that would be counted.
    bool count_value(json::error_code& error) {
        if (levels_.empty()) return refuse(error, "body: must be a JSON object");
        if (levels_.back().is_object || ++keys_ <= kMaxJsonKeys) return true;
        return refuse(error, "body: at most " + std::to_string(kMaxJsonKeys) + " values in all");
    }
    bool refuse(json::error_code& error, std::string words) {
        refusal_ = fail(ErrorKind::InvalidArgument, std::move(words)).error();
        error = json::make_error_code(json::error::syntax);
        return false;
    }

    json::value_stack stack_;
    std::vector<Level> levels_;
    std::size_t keys_ = 0;
    Base64Decoder zip_;
    bool has_zip_ = false;
    const std::size_t most_zip_;
    std::size_t text_size_ = 0;
    std::optional<Error> refusal_;
};

std::string_view view_of(json::string_view text) { return {text.data(), text.size()}; }

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

}  // namespace

Result<JsonBody> parse_json_body(std::string_view text, Bytes most_zip) {
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    json::basic_parser<Builder> parser(options, static_cast<std::size_t>(most_zip.count), text.size());
    json::error_code error;
    const auto used = parser.write_some(false, text.data(), text.size(), error);
    auto& refusal = parser.handler().refusal();
    if (refusal) return std::unexpected(std::move(*refusal));
    if (error || !parser.done())
        return fail(ErrorKind::InvalidArgument, "body: not JSON: " + (error ? error.message() : "it ends too early"));
    if (used != text.size()) return fail(ErrorKind::InvalidArgument, "body: bytes after the JSON object");
    return parser.handler().take();
}

const json::value* JsonFields::find(std::string_view name) const {
    const auto* value = object_.if_contains(json::string_view(name.data(), name.size()));
    return value == nullptr || value->is_null() ? nullptr : value;
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
    if (text.find('\0') != std::string::npos) return refuse(name, "must have no zero character", *value);
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

Result<std::optional<bool>> JsonFields::boolean(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_bool()) return refuse(name, "must be true or false", *value);
    return value->get_bool();
}

Result<std::optional<std::map<std::string, std::string>>> JsonFields::texts(std::string_view name) const {
    const auto members = TRY(object(name));
    if (!members) return std::nullopt;
    std::map<std::string, std::string> texts;
    for (const auto& member : members->object_) {
        const auto key = view_of(member.key());
        if (!member.value().is_string()) return refuse(name, "must have values that are strings", member.value());
        const auto text = view_of(member.value().get_string());
        if (key.find('\0') != std::string_view::npos || text.find('\0') != std::string_view::npos)
            return refuse(name, "must have no zero character", member.value());
        texts.emplace(key, text);
    }
    return texts;
}

Result<std::optional<JsonFields>> JsonFields::object(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) return refuse(name, "must be an object", *value);
    return JsonFields(value->get_object(), path_ + std::string(name) + ".");
}

Result<> JsonFields::expect_usual(std::string_view name, std::string_view usual) const {
    const auto* value = find(name);
    if (value == nullptr || is_empty(*value, false) || json::serialize(*value) == usual) return {};
    return refuse(name, "not supported yet: leave it out" + (usual.empty() ? "" : " or send " + std::string(usual)),
                  *value);
}

}  // namespace hotcell::api
