// The name of content: SHA-256 in 64 lower-case hexadecimal digits. OpenSSL stays behind this.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace hotcell::environment {

/// Over the parts one after the other.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
    Sha256& operator=(Sha256&&) = delete;

    void add(std::string_view bytes);
    std::string hex();

private:
    void* context_;
};

}  // namespace hotcell::environment
