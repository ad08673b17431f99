#include "engine/api/wire/utf8.h"

#include <cstdint>

namespace hotcell::api {

bool is_utf8(std::string_view bytes) {
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto* const end = at + bytes.size();
    while (at < end) {
        const unsigned lead = *at++;
        if (lead < 0x80) continue;
        // The second byte's range is what excludes overlong forms, surrogates and values above U+10FFFF.
        unsigned rest = 0, low = 0x80, high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf)
            rest = 1;
        else if (lead >= 0xe0 && lead <= 0xef)
            rest = 2, low = lead == 0xe0 ? 0xa0 : 0x80, high = lead == 0xed ? 0x9f : 0xbf;
        else if (lead >= 0xf0 && lead <= 0xf4)
            rest = 3, low = lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xf4 ? 0x8f : 0xbf;
        else
            return false;
        for (; rest > 0; --rest, low = 0x80, high = 0xbf)
            if (at == end || *at < low || *at++ > high) return false;
    }
    return true;
}

std::string base64(std::string_view bytes) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto group = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= group.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=');
    }
    return out;
}

}  // namespace hotcell::api
