// Base64 (RFC 4648 §4), strictly: padded, no white space, no bits left over.
//
// Threads: values, no sharing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hotcell::api {

std::string base64(std::string_view bytes);

/// Decodes text that arrives in pieces, so that a large member of a JSON document is never held twice.
class Base64Decoder {
public:
    /// False, for good, when the text cannot be base64.
    bool add(std::string_view piece);
    /// True when the text ended where it may.
    bool finish() const { return good_ && digits_ == 0; }

    std::string& bytes() { return bytes_; }

private:
    void add_groups(std::string_view& text);

    std::string bytes_;
    std::uint32_t bits_ = 0;
    unsigned digits_ = 0;  // of the group of four that is under way, padding counted
    unsigned padding_ = 0;
    bool good_ = true;
    bool ended_ = false;
};

/// The bytes, or false when `text` is not base64.
bool decode_base64(std::string_view text, std::string& bytes);

}  // namespace hotcell::api
