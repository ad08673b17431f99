// What is said when a custom runtime does not come up: FC's codes and texts, with port, command, exit code and last output.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>

#include "hotcell/error.h"
#include "hotcell/units.h"

namespace hotcell::environment {

struct FailedStart {
    std::string command;  // with a space after each argument
    bool named = false;   // by the function; otherwise it is its bootstrap file
    std::string output;   // what it wrote at last
};

/// It could not be exec'ed: CAFileNotFound, CAFilePermission, CAExited.
Error exec_error(const FailedStart& start, int sys);
/// It ended; `status` as wait(2) gives it: CAExited.
Error exited_error(const FailedStart& start, int status);
/// It ended for want of memory: CAExited with code 137.
Error out_of_memory_error(const FailedStart& start, Bytes limit);
/// The first health check went wrong, with that status or, 0, without one: FunctionNotStarted.
Error unhealthy_error(const FailedStart& start, unsigned status);
/// Nothing listens: FunctionNotStarted. `elsewhere`: a port where something does, 0: none was found.
Error not_started_error(const FailedStart& start, std::uint16_t port, Nanos patience, std::uint16_t elsewhere);

}  // namespace hotcell::environment
