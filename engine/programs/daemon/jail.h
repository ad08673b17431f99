// Where hotcelld lives once it has opened its sockets: two directories, its own id, no power, few system calls.
//
// The steps are applied in order and none may fail. They are a list so that a test can leave one out and see what it
// was for (tests/kernel/jail_test.cc); the daemon always takes them all.
// Threads: before any other thread exists.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hotcell/error.h"

namespace hotcell::daemon {

struct JailOptions {
    std::vector<std::string> directories;  // absolute; all that stays of the file system, at the same paths
    uid_t uid = 64000;
    gid_t gid = 64000;
    std::uint64_t descriptors = 16384;
};

struct JailStep {
    const char* name;
    Result<> (*apply)(const JailOptions& options);
};

/// In order: namespaces, root, limits, identity, capabilities, no-new-privileges, filter.
std::span<const JailStep> jail_steps();

/// Applies all of them. On failure the process is in between and must end.
Result<> enter_jail(const JailOptions& options);

}  // namespace hotcell::daemon
