// A program started with exactly the descriptors it is to have, and waited for.
//
// Kernel: posix_spawn(3), which does not copy the page tables of a large host program. Threads: any.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace hotcell::linux {

struct SpawnRequest {
    std::string program;                           // absolute path
    std::vector<std::string> environment;          // NAME=value, all of it
    std::vector<std::pair<int, int>> descriptors;  // {here, there}; `there` from 3 up; 2 stays, 0 and 1 are /dev/null
};
/// A child that was spawned and not reaped yet. Its owner waits for it; destroying this leaves it a zombie when it ends.
class Child {
public:
    Child() noexcept = default;
    explicit Child(pid_t pid) noexcept : pid_(pid) {}
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Child& operator=(Child other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }

    /// Waits for its end up to `milliseconds`. True once it has been reaped, or when there is none.
    bool wait(int milliseconds);

private:
    pid_t pid_ = -1;
};

/// Everything else of this process must be close-on-exec.
Result<Child> spawn(const SpawnRequest& request);

}  // namespace hotcell::linux
