// Loading a compiled filter into the calling process (seccomp(2)); code between clone and exec does it by itself.
#pragma once

#include <cstddef>
#include <span>

#include "engine/base/result.h"

namespace hotcell::linux::seccomp {

enum class Threads { Calling, All };

/// Loads `program` (bytes of an array of struct sock_filter) for good. no_new_privs must be set. Threads::All brings
/// every thread of the process along, or fails without having changed any.
Result<> install(std::span<const std::byte> program, Threads threads = Threads::Calling);

}  // namespace hotcell::linux::seccomp
