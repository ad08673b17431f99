#include "engine/catalog/pages.h"

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
    if (!check_service_name(text)) return std::nullopt;  // functions' names are shorter, of the same letters
    return text;
}

}  // namespace hotcell::catalog
