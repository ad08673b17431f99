#include "engine/environment/runtime/strict_json.h"

#include <boost/json/parse.hpp>

namespace hotcell::environment {

namespace json = boost::json;

JsonObject::JsonObject(json::object object, std::string file, std::string path)
    : object_(std::move(object)), file_(std::move(file)), path_(std::move(path)) {}

Result<JsonObject> JsonObject::parse(std::string_view text, std::string file) {
    json::parse_options options;
    options.max_depth = 16;
    json::error_code error;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
    if (error) return fail(ErrorKind::InvalidArgument, file + ": not JSON: " + error.message());
    if (!value.is_object()) return fail(ErrorKind::InvalidArgument, file + ": not a JSON object");
    return JsonObject(std::move(value.get_object()), std::move(file), {});
}

std::string JsonObject::name_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

std::unexpected<Error> JsonObject::wrong(std::string_view key, std::string_view what) const {
    return fail(ErrorKind::InvalidArgument, file_ + ": " + name_of(key) + " " + std::string(what));
}

bool JsonObject::has(std::string_view key) const { return object_.contains(json::string_view(key.data(), key.size())); }

Result<const json::value*> JsonObject::find(std::string_view key) {
    asked_.emplace(key);
    const json::value* found = object_.if_contains(json::string_view(key.data(), key.size()));
    if (found == nullptr) return wrong(key, "is missing");
    return found;
}

namespace {

Result<std::string> text_of(const JsonObject& object, std::string_view key, const json::value& value) {
    if (!value.is_string()) return object.wrong(key, "is not a string");
    const json::string& text = value.get_string();
    std::string copy(text.data(), text.size());
    if (copy.find('\0') != std::string::npos) return object.wrong(key, "has a NUL character");
    return copy;
}

}  // namespace

Result<std::string> JsonObject::string(std::string_view key) {
    const json::value* value = TRY(find(key));
    std::string text = TRY(text_of(*this, key, *value));
    if (text.empty()) return wrong(key, "is empty");
    return text;
}

Result<std::string> JsonObject::string_or(std::string_view key, std::string otherwise) {
    if (!has(key)) return otherwise;
    return string(key);
}

Result<bool> JsonObject::boolean_or(std::string_view key, bool otherwise) {
    if (!has(key)) return otherwise;
    const json::value* value = TRY(find(key));
    if (!value->is_bool()) return wrong(key, "is neither true nor false");
    return value->get_bool();
}

Result<std::uint64_t> JsonObject::number_or(std::string_view key, std::uint64_t otherwise, std::uint64_t least,
                                            std::uint64_t most) {
    if (!has(key)) return otherwise;
    const json::value* value = TRY(find(key));
    json::error_code error;
    const auto number = value->to_number<std::uint64_t>(error);
    if (error || number < least || number > most)
        return wrong(key, "is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return number;
}

Result<std::vector<std::string>> JsonObject::strings(std::string_view key) {
    const json::value* value = TRY(find(key));
    if (!value->is_array() || value->get_array().empty()) return wrong(key, "is not a list of strings");
    std::vector<std::string> texts;
    for (const json::value& one : value->get_array()) texts.push_back(TRY(text_of(*this, key, one)));
    return texts;
}

Result<std::map<std::string, std::string>> JsonObject::string_map(std::string_view key) {
    if (!has(key)) return std::map<std::string, std::string>{};
    const json::value* value = TRY(find(key));
    if (!value->is_object()) return wrong(key, "is not an object");
    std::map<std::string, std::string> texts;
    for (const auto& entry : value->get_object()) {
        const std::string name(entry.key().data(), entry.key().size());
        if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos)
            return wrong(key, "has a name that no variable can have");
        texts[name] = TRY(text_of(*this, std::string(key) + "." + name, entry.value()));
    }
    return texts;
}

Result<JsonObject> JsonObject::object(std::string_view key) {
    const json::value* value = TRY(find(key));
    if (!value->is_object()) return wrong(key, "is not an object");
    return JsonObject(value->get_object(), file_, name_of(key));
}

Result<std::vector<JsonObject>> JsonObject::objects(std::string_view key) {
    const json::value* value = TRY(find(key));
    if (!value->is_array()) return wrong(key, "is not a list of objects");
    std::vector<JsonObject> objects;
    for (const json::value& one : value->get_array()) {
        const std::string place = name_of(key) + "[" + std::to_string(objects.size()) + "]";
        if (!one.is_object()) return fail(ErrorKind::InvalidArgument, file_ + ": " + place + " is not an object");
        objects.push_back(JsonObject(one.get_object(), file_, place));
    }
    return objects;
}

Result<> JsonObject::finish() const {
    for (const auto& entry : object_) {
        const std::string_view key(entry.key().data(), entry.key().size());
        if (!asked_.contains(key)) return wrong(key, "is not a key of this file");
    }
    return {};
}

}  // namespace hotcell::environment
