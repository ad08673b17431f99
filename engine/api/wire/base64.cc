#include "engine/api/wire/base64.h"

#include <array>

namespace hotcell::api {

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 64;

constexpr std::array<std::uint8_t, 256> kValues = [] {
    std::array<std::uint8_t, 256> values{};
    for (auto& value : values) value = kNone;
    for (std::size_t i = 0; i < kDigits.size(); ++i)
        values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

}  // namespace

std::string base64(std::string_view bytes) {
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

bool Base64Decoder::add(std::string_view piece) {
    for (const char c : piece) {
        if (!good_ || ended_) return good_ = false;
        const auto value = kValues[static_cast<unsigned char>(c)];
        if (c == '=') {
            if (digits_ < 2) return good_ = false;
            ++padding_;
            bits_ <<= 6;
        } else {
            if (value == kNone || padding_ > 0) return good_ = false;
            bits_ = bits_ << 6 | value;
        }
        if (++digits_ < 4) continue;
        // bits that padding cuts off must be zero: one text for one value
        if ((padding_ == 1 && (bits_ & 0xff) != 0) || (padding_ == 2 && (bits_ & 0xffff) != 0)) return good_ = false;
        const char group[] = {static_cast<char>(bits_ >> 16), static_cast<char>(bits_ >> 8), static_cast<char>(bits_)};
        bytes_.append(group, 3 - padding_);
        ended_ = padding_ > 0;
        bits_ = 0;
        digits_ = 0;
    }
    return true;
}

bool decode_base64(std::string_view text, std::string& bytes) {
    Base64Decoder decoder;
    decoder.bytes().reserve(text.size() / 4 * 3);
    if (!decoder.add(text) || !decoder.finish()) return false;
    bytes = std::move(decoder.bytes());
    return true;
}

}  // namespace hotcell::api
