// Whether bytes are text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hotcell {

/// Well-formed UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
inline bool is_utf8(std::string_view bytes) {
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

/// The bytes as text: what is not UTF-8 becomes U+FFFD, one for each byte.
inline std::string as_utf8(std::string_view bytes) {
    if (is_utf8(bytes)) return std::string(bytes);
    std::string text;
    while (!bytes.empty()) {
        std::size_t length = 1;
        while (length <= 4 && !is_utf8(bytes.substr(0, length))) ++length;
        text += length <= 4 ? bytes.substr(0, length) : std::string_view("\xef\xbf\xbd");
        bytes.remove_prefix(length <= 4 ? length : 1);
    }
    return text;
}

}  // namespace hotcell
