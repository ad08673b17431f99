// hotcell-init: pid 1 of every domain and slot. Static, without heap, iostreams or exceptions.
//
// It performs the steps of its plan, forks the child the plan asks for, reports once to the builder, and from then on
// reaps and tells the front how each child ended. It is trusted code at uid 0 of a namespace that owns nothing, with
// no capability and the shortest filter, beside hostile code of another uid.
#include "engine/programs/init/executor.h"
#include "engine/programs/init/pid1.h"

int main() { return hotcell::init::run_pid1(); }
