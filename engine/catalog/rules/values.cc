#include "engine/catalog/rules/values.h"

#include "engine/base/utf8.h"

namespace hotcell::catalog {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// The first 64 bytes, fit for a message.
std::string shown(std::string_view actual) {
    constexpr std::size_t kMost = 64;
    std::size_t size = std::min(actual.size(), kMost);
    while (size > 0 && size < actual.size() && (static_cast<unsigned char>(actual[size]) & 0xc0) == 0x80) --size;
    std::string text(actual.substr(0, size));
    const bool good = is_utf8(text);
    for (char& c : text)
        if (is_control(c) || (!good && static_cast<unsigned char>(c) >= 0x80)) c = '?';
    return size < actual.size() ? text + "..." : text;
}

std::string range(std::uint64_t least, std::uint64_t most) {
    return std::to_string(least) + "-" + std::to_string(most);
}

}  // namespace

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::unexpected<Error> refuse(ErrorKind kind, std::string code, std::string words) {
    Error error;
    error.kind = kind;
    error.doing = std::move(words);
    error.code = std::move(code);
    return std::unexpected(std::move(error));
}

std::unexpected<Error> refuse_value(std::string_view field, std::string_view allowed, std::string_view actual) {
    return refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                  std::string(field) + " is set to an invalid value (allowed: " + std::string(allowed) + ", actual: '" +
                      shown(actual) + "')");
}

std::unexpected<Error> refuse_format(std::string_view field, std::string_view format, std::string_view actual) {
    return refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                  std::string(field) + " doesn't match expected format (allowed: '" + std::string(format) +
                      "', actual: '" + shown(actual) + "')");
}

Result<> check_number(const NumberRule& rule, std::uint32_t value) {
    if (value >= rule.least && value <= rule.most && value % rule.step == 0) return {};
    std::string allowed = range(rule.least, rule.most);
    if (rule.step != 1) allowed += ", a multiple of " + std::to_string(rule.step);
    return refuse_value(rule.field, allowed, std::to_string(value));
}

Result<> check_text(const TextRule& rule, std::string_view text, bool multiline) {
    if (!is_utf8(text)) return refuse_value(rule.field, "UTF-8", text);
    const auto characters = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    if (characters < rule.least || characters > rule.most)
        return refuse_value(rule.field, range(rule.least, rule.most) + " characters", text);
    const auto is_bad = [&](char c) { return multiline ? c == '\0' : is_control(c); };
    if (std::any_of(text.begin(), text.end(), is_bad))
        return refuse_value(rule.field, multiline ? "no NUL character" : "no control characters", text);
    return {};
}

Result<> check_name(const TextRule& rule, std::string_view name) {
    TRY(check_text(rule, name));
    const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; };
    if ((!is_letter(name[0]) && name[0] != '_') || !std::all_of(name.begin(), name.end(), fits))
        return refuse_format(rule.field, kNameFormat, name);
    return {};
}

Result<> check_count(const CountRule& rule, std::size_t count) {
    if (count <= rule.most) return {};
    return refuse(ErrorKind::Exhausted, "LimitExceededError",
                  std::string(rule.field) + " contains too many values (max: " + std::to_string(rule.most) +
                      ", actual: " + std::to_string(count) + ")");
}

Result<> check_directory(const TextRule& rule, std::string_view path) {
    TRY(check_text(rule, path));
    if (path[0] != '/' || path.find("//") != path.npos || (std::string(path) + "/").find("/../") != std::string::npos)
        return refuse_value(rule.field, "an absolute path", path);
    return {};
}

Result<> check_choice(std::string_view field, std::span<const std::string_view> allowed, std::string_view value) {
    std::string all;
    for (const std::string_view one : allowed) {
        if (one == value) return {};
        all += (all.empty() ? "" : ", ") + std::string(one);
    }
    return refuse_value(field, all, value);
}

}  // namespace hotcell::catalog
