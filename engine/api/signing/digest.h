// The digests that signatures are made of.
//
// Threads: functions of their arguments. Library: OpenSSL, which stays in digest.cc.
#pragma once

#include <string>
#include <string_view>

namespace hotcell::api::signing {

/// 32 bytes.
std::string hmac_sha256(std::string_view secret, std::string_view text);
/// 64 digits, lower case.
std::string sha256_hex(std::string_view bytes);
/// 16 bytes. Not for secrets: Content-MD5 is what clients send.
std::string md5(std::string_view bytes);
/// `bytes` in digits, lower case.
std::string hex(std::string_view bytes);

/// `count` bytes that nobody can guess.
std::string random_bytes(std::size_t count);

/// Takes as long wherever the first difference is; the length is no secret.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace hotcell::api::signing
