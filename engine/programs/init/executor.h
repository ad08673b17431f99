// The child of a slot that waits, locked, for the front to say what to run, and becomes it.
#pragma once

namespace hotcell::init {

/// Says READY on the channel, reads one Run frame, execs. A failure is told as a FAILED frame. Never returns.
[[noreturn]] void wait_and_exec();

}  // namespace hotcell::init
