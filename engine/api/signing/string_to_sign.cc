#include "engine/api/signing/string_to_sign.h"

#include <algorithm>

#include "engine/api/signing/digest.h"
#include "engine/api/wire/query.h"

namespace hotcell::api::signing {

namespace {

std::string decoded(std::string_view text) {
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    return percent_decode(spaced).value_or(spaced);
}

/// RFC 3986: everything but A-Z a-z 0-9 - _ . ~ is escaped.
std::string encoded(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const unsigned char byte : text) {
        const bool plain = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' || byte == '~';
        if (plain)
            out.push_back(static_cast<char>(byte));
        else
            out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
    return out;
}

std::string canonical_path(std::string_view path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '+')
            out += "%20";
        else if (path[i] == '*')
            out += "%2A";
        else if (path.substr(i, 3) == "%7E")
            out += "~", i += 2;
        else
            out.push_back(path[i]);
    }
    return out;
}

}  // namespace

std::string_view Head::header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &decltype(headers)::value_type::first);
    return found == headers.end() ? std::string_view() : found->second;
}

bool is_proxy_path(std::string_view path) {
    return path.starts_with("/2016-08-15/proxy/") || path.starts_with("/2021-04-06/proxy/");
}

std::vector<QueryField> query_fields(std::string_view query) {
    std::vector<QueryField> fields;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto field = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (field.empty()) continue;
        const auto equals = std::min(field.find('='), field.size());
        fields.push_back({decoded(field.substr(0, equals)), decoded(field.substr(std::min(equals + 1, field.size()))),
                          equals < field.size()});
    }
    return fields;
}

std::string fc_string(const Head& head, std::string_view date, std::string_view path, bool with_query) {
    std::string text(head.method);
    for (const auto part : {head.header("content-md5"), head.header("content-type"), date})
        text.append("\n").append(part);
    text += '\n';
    std::vector<std::string> lines;
    for (const auto& [name, value] : head.headers)
        if (name.starts_with("x-fc-")) lines.push_back(name + ":" + std::string(value) + "\n");
    std::ranges::sort(lines, {}, [](const std::string& line) { return line.substr(0, line.find(':')); });
    for (const auto& line : lines) text += line;
    text += path;
    if (!with_query) return text;
    lines.clear();
    for (const auto& [name, value, has_value] : query_fields(head.query))
        if (name != "x-fc-signature") lines.push_back(has_value ? name + "=" + value : name);
    std::ranges::sort(lines);
    text += '\n';
    for (const auto& line : lines) text.append(line).append(&line == &lines.back() ? "" : "\n");
    return text;
}

std::string acs_canonical_request(const Head& head, std::string_view signed_headers, std::string_view payload_hash) {
    auto fields = query_fields(head.query);
    std::ranges::sort(fields);
    std::string query, headers;
    for (const auto& [name, value, has_value] : fields)
        query.append(query.empty() ? "" : "&").append(encoded(name)).append("=").append(encoded(value));
    for (auto names = signed_headers; !names.empty();) {
        const auto end = std::min(names.find(';'), names.size());
        const auto name = names.substr(0, end);
        headers.append(name).append(":").append(head.header(name)).append("\n");
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    std::string text(head.method);
    text.append("\n").append(canonical_path(head.path)).append("\n").append(query).append("\n").append(headers);
    return text.append("\n").append(signed_headers).append("\n").append(payload_hash);
}

std::string acs_string(std::string_view canonical_request) {
    return "ACS3-HMAC-SHA256\n" + sha256_hex(canonical_request);
}

}  // namespace hotcell::api::signing
