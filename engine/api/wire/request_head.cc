#include "engine/api/wire/request_head.h"

#include <algorithm>

#include "engine/api/limits.h"

namespace hotcell::api {

namespace {

bool is_token_byte(unsigned char byte) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           kMarks.find(static_cast<char>(byte)) != std::string_view::npos;
}

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_byte); }

bool is_value_byte(unsigned char byte) { return byte == '\t' || (byte >= 0x20 && byte != 0x7f); }

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return std::ranges::equal(text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Refusal bad(std::string message) { return {400, "InvalidRequest", std::move(message)}; }

struct Framing {
    bool http_1_0 = false;
    unsigned hosts = 0;
    unsigned content_lengths = 0;
    unsigned transfer_encodings = 0;
    unsigned content_types = 0;
    bool has_body = false;
    unsigned upgrades = 0;
    bool upgrade_option = false;
    bool other_protocol = false;
};

std::optional<Refusal> judge_request_line(std::string_view line, Framing& framing) {
    if (line.size() > kMaxRequestLine)
        return Refusal{414, "RequestTooLarge", "request line: more than " + std::to_string(kMaxRequestLine) + " bytes"};
    const auto method_end = line.find(' ');
    const auto target_end = line.rfind(' ');
    if (method_end == std::string_view::npos || target_end == method_end)
        return bad("request line: not a method, a target and a version with one space between them");
    const auto target = line.substr(method_end + 1, target_end - method_end - 1);
    const auto version = line.substr(target_end + 1);
    if (!is_token(line.substr(0, method_end)) || method_end > 32) return bad("request line: the method is not a token");
    if (target.empty() || target.front() != '/') return bad("request line: the target does not begin with '/'");
    if (!std::ranges::all_of(target, [](unsigned char byte) { return byte > 0x20 && byte < 0x7f && byte != '#'; }))
        return bad("request line: the target has a byte that must be percent-encoded");
    if (version == "HTTP/1.0")
        framing.http_1_0 = true;
    else if (version != "HTTP/1.1") {
        if (version.starts_with("HTTP/"))
            return Refusal{505, "InvalidRequest", "request line: the version is neither 1.0 nor 1.1"};
        return bad("request line: the version is missing");
    }
    return std::nullopt;
}

std::optional<Refusal> judge_field(std::string_view line, Framing& framing) {
    if (line.front() == ' ' || line.front() == '\t') return bad("header: a line begins with a space (folded header)");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return bad("header: a line has no colon");
    const auto name = line.substr(0, colon);
    if (!is_token(name)) return bad("header: a name is not a token (a space before the colon?)");
    if (!std::ranges::all_of(line.substr(colon + 1), is_value_byte)) return bad("header: a value has a control byte");
    const auto value = trim(line.substr(colon + 1));
    if (equals_ignoring_case(name, "host")) ++framing.hosts;
    if (equals_ignoring_case(name, "content-type")) ++framing.content_types;
    if (equals_ignoring_case(name, "connection") && has_upgrade_option(value)) framing.upgrade_option = true;
    if (equals_ignoring_case(name, "upgrade")) {
        ++framing.upgrades;
        framing.other_protocol = framing.other_protocol || is_other_protocol(value);
    }
    if (equals_ignoring_case(name, "content-length")) {
        ++framing.content_lengths;
        const bool digits = std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
        if (value.empty() || value.size() > 15 || !digits)
            return bad("Content-Length: not a decimal number of at most 15 digits");
        framing.has_body = framing.has_body || value.find_first_not_of('0') != std::string_view::npos;
    }
    if (equals_ignoring_case(name, "transfer-encoding")) {
        ++framing.transfer_encodings;
        framing.has_body = true;
        if (!equals_ignoring_case(value, "chunked"))
            return Refusal{501, "InvalidRequest", "Transfer-Encoding: only \"chunked\" is understood"};
    }
    return std::nullopt;
}

std::optional<Refusal> judge_framing(const Framing& framing) {
    if (framing.content_lengths > 1) return bad("Content-Length: given more than once");
    if (framing.transfer_encodings > 1) return bad("Transfer-Encoding: given more than once");
    if (framing.transfer_encodings > 0 && framing.content_lengths > 0)
        return bad("Content-Length and Transfer-Encoding exclude each other");
    if (framing.transfer_encodings > 0 && framing.http_1_0) return bad("Transfer-Encoding: not with HTTP/1.0");
    if (framing.content_types > 1) return bad("Content-Type: given more than once");
    if (framing.upgrade_option && framing.other_protocol && !framing.http_1_0) {
        if (framing.upgrades > 1) return bad("Upgrade: given more than once");
        if (framing.has_body) return bad("Upgrade: not of a request with a body");
    }
    if (framing.hosts > 1) return bad("Host: given more than once");
    if (framing.hosts == 0 && !framing.http_1_0) return bad("Host: missing");
    return std::nullopt;
}

Refusal headers_too_large() {
    return {431, "RequestTooLarge", "headers: more than " + std::to_string(kMaxHeaderBlock) + " bytes"};
}

}  // namespace

bool has_upgrade_option(std::string_view connection) {
    while (!connection.empty()) {
        const auto end = std::min(connection.find(','), connection.size());
        if (equals_ignoring_case(trim(connection.substr(0, end)), "upgrade")) return true;
        connection.remove_prefix(std::min(end + 1, connection.size()));
    }
    return false;
}

bool is_other_protocol(std::string_view upgrade) {
    const auto name = upgrade.substr(0, upgrade.find('/'));
    const auto version = upgrade.substr(std::min(name.size() + 1, upgrade.size()));
    if (!is_token(name) || (name.size() < upgrade.size() && !is_token(version))) return false;
    return !equals_ignoring_case(name, "http") && !equals_ignoring_case(name, "h2c") &&
           !equals_ignoring_case(name, "h2") && !equals_ignoring_case(name, "tls");
}

std::optional<Refusal> judge_partial_head(std::string_view bytes) {
    for (auto feed = bytes.find('\n'); feed != std::string_view::npos; feed = bytes.find('\n', feed + 1))
        if (feed == 0 || bytes[feed - 1] != '\r') return bad("head: a line feed without its carriage return");
    const auto line_end = bytes.find("\r\n");
    if (line_end == std::string_view::npos) {
        if (bytes.size() <= kMaxRequestLine + 1) return std::nullopt;
        return Refusal{414, "RequestTooLarge", "request line: more than " + std::to_string(kMaxRequestLine) + " bytes"};
    }
    if (line_end == 0) return bad("request line: empty");
    if (bytes.size() - line_end - 2 > kMaxHeaderBlock) return headers_too_large();
    return std::nullopt;
}

std::optional<Refusal> judge_head(std::string_view head) {
    if (auto refusal = judge_partial_head(head)) return refusal;
    Framing framing;
    std::size_t lines = 0;
    while (!head.empty()) {
        const auto end = head.find("\r\n");
        if (end == std::string_view::npos) return bad("head: it does not end with an empty line");
        const auto line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.find('\r') != std::string_view::npos) return bad("head: a carriage return without its line feed");
        if (line.empty()) {
            if (lines == 0 || !head.empty()) return bad("head: an empty line where none belongs");
            return judge_framing(framing);
        }
        auto refusal = lines++ == 0 ? judge_request_line(line, framing) : judge_field(line, framing);
        if (refusal) return refusal;
        if (lines > kMaxHeaders + 1)
            return Refusal{431, "RequestTooLarge", "headers: more than " + std::to_string(kMaxHeaders)};
    }
    return bad("head: it does not end with an empty line");
}

}  // namespace hotcell::api
