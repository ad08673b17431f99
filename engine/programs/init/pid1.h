// The life of pid 1: plan, child, report, reap.
#pragma once

namespace hotcell::init {

/// Does not return while its sandbox lives. The value is the exit status after a failed build.
int run_pid1();

}  // namespace hotcell::init
