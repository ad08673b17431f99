#include "engine/api/wire/base64.h"

#include <array>
#include <utility>

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

/// Takes whole groups of four plain digits from the front of `text`, which is nearly all of it.
void Base64Decoder::add_groups(std::string_view& text) {
    std::array<char, 3 * 1024> block;
    std::size_t filled = 0;
    const auto value = [&](std::size_t i) { return std::uint32_t{kValues[static_cast<unsigned char>(text[i])]}; };
    while (text.size() >= 4) {
        const std::uint32_t a = value(0), b = value(1), c = value(2), d = value(3);
        if (((a | b | c | d) & kNone) != 0) break;
        const std::uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        block[filled++] = static_cast<char>(bits >> 16);
        block[filled++] = static_cast<char>(bits >> 8);
        block[filled++] = static_cast<char>(bits);
        text.remove_prefix(4);
        if (filled == block.size()) bytes_.append(block.data(), std::exchange(filled, 0));
    }
    bytes_.append(block.data(), filled);
}

bool Base64Decoder::add(std::string_view piece) {
    while (!piece.empty()) {
        if (good_ && !ended_ && digits_ == 0) add_groups(piece);
        if (piece.empty()) break;
        const char c = piece.front();
        piece.remove_prefix(1);
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
