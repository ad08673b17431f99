#include "engine/api/signing/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

namespace hotcell::api::signing {

namespace {

/// What can only fail for want of memory, or in a library that lacks the algorithm: our own bug.
void must(bool succeeded) {
    if (!succeeded) std::abort();
}

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    must(EVP_Digest(bytes.data(), bytes.size(), out, &size, algorithm, nullptr) == 1);
    return {reinterpret_cast<const char*>(out), size};
}

}  // namespace

std::string hmac_sha256(std::string_view secret, std::string_view text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    must(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size) != nullptr);
    return {reinterpret_cast<const char*>(out), size};
}

std::string sha256_hex(std::string_view bytes) { return hex(digest(EVP_sha256(), bytes)); }

std::string md5(std::string_view bytes) { return digest(EVP_md5(), bytes); }

std::string hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const unsigned char byte : bytes) out.append({kDigits[byte >> 4], kDigits[byte & 15]});
    return out;
}

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    must(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
    return bytes;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace hotcell::api::signing
