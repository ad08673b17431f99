// The door to the kernel: run one call, retry EINTR, and turn a refusal into words.
//
// Here: nothing but that. Wrappers of one facility each live in the folders beside this file; code that may not
// allocate (between clone and exec, in the forker, in init) uses linux/raw instead.
#pragma once

#include <cerrno>
#include <string>

#include "engine/base/result.h"

namespace hotcell::linux {

/// Runs `call` until it does not fail with EINTR. Its value, or Kernel(errno) with `doing` as the words.
template <class Call>
auto syscall(std::string doing, Call&& call) -> Result<decltype(call())> {
    for (;;) {
        auto value = call();
        if (value >= 0) return value;
        if (errno != EINTR) return fail_errno(errno, std::move(doing));
    }
}

}  // namespace hotcell::linux
