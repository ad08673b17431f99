#include "engine/environment/code/crc64.h"

#include <array>
#include <cstring>

namespace hotcell::environment {

namespace {

constexpr std::uint64_t kPolynomial = 0xc96c5795d7870f42;  // ECMA-182's, bits reversed

using Tables = std::array<std::array<std::uint64_t, 256>, 8>;

/// tables[k][b] is the remainder of byte b with k bytes of zeros behind it.
constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint64_t b = 0; b < 256; ++b) {
        std::uint64_t value = b;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? kPolynomial : 0);
        tables[0][b] = value;
    }
    for (std::size_t k = 1; k < 8; ++k)
        for (std::size_t b = 0; b < 256; ++b)
            tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xff];
    return tables;
}
constexpr Tables kTables = make_tables();

}  // namespace

std::uint64_t crc64(std::string_view bytes) {
    std::uint64_t crc = ~std::uint64_t{0};
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data(), 8);  // little-endian, as the machine
        word ^= crc;
        crc = 0;
        for (std::size_t k = 0; k < 8; ++k) crc ^= kTables[7 - k][word >> (8 * k) & 0xff];
    }
    for (const char c : bytes) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(c)) & 0xff];
    return ~crc;
}

}  // namespace hotcell::environment
