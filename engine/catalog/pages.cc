#include "engine/catalog/pages.h"

#include <cctype>

namespace hotcell::catalog {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string make_token(char kind, std::string_view name) {
    std::string token;
    for (const char c : kind + std::string(name)) {
        token += kDigits[static_cast<unsigned char>(c) >> 4];
        token += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return token;
}

std::optional<std::string> read_token(char kind, std::string_view token) {
    if (token.size() % 2 != 0 || token.size() > 512) return std::nullopt;
    std::string text;
    for (std::size_t i = 0; i < token.size(); i += 2) {
        const auto high = kDigits.find(token[i]);
        const auto low = kDigits.find(token[i + 1]);
        if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
        text += static_cast<char>(high << 4 | low);
    }
    if (text.size() < 2 || text[0] != kind) return std::nullopt;
    text.erase(0, 1);
    const auto fits = [](char c) { return c == '_' || c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
    if (text.size() > 128 || !std::all_of(text.begin(), text.end(), fits)) return std::nullopt;
    return text;
}

Result<std::string> first_of(char kind, const PageRequest& request) {
    std::string start = request.start_key;
    if (!request.next_token.empty()) {
        const auto named = read_token(kind, request.next_token);
        if (!named) return refuse_value("nextToken", "the nextToken of the page before", request.next_token);
        start = *named;
    }
    return std::max(start, request.prefix);
}

}  // namespace hotcell::catalog
