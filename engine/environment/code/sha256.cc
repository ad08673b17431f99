#include "engine/environment/code/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace hotcell::environment {

namespace {
EVP_MD_CTX* as_context(void* context) { return static_cast<EVP_MD_CTX*>(context); }
void must(int one) {
    if (one != 1) std::abort();  // out of memory, or a libcrypto without SHA-256
}
}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    // fetched once: EVP_sha256() would look it up again for each digest (EVP_MD_fetch(3))
    static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    must(EVP_DigestInit_ex(as_context(context_), kAlgorithm, nullptr));
}

Sha256::~Sha256() { EVP_MD_CTX_free(as_context(context_)); }

void Sha256::add(std::string_view bytes) { must(EVP_DigestUpdate(as_context(context_), bytes.data(), bytes.size())); }

std::string Sha256::hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    must(EVP_DigestFinal_ex(as_context(context_), digest, &size));
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += kDigits[digest[i] >> 4];
        text += kDigits[digest[i] & 15];
    }
    return text;
}

}  // namespace hotcell::environment
