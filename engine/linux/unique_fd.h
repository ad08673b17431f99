// The owner of one file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace hotcell::linux {

class [[nodiscard]] UniqueFd {
public:
    UniqueFd() noexcept = default;
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~UniqueFd() {
        if (fd_ >= 0) ::close(fd_);
    }

    int get() const noexcept { return fd_; }  // borrowed, never kept past the call
    int release() noexcept { return std::exchange(fd_, -1); }
    void reset() noexcept { *this = UniqueFd(); }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_ = -1;
};

}  // namespace hotcell::linux
