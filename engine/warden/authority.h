// The start of the two privileged processes: read the configuration, sweep what an earlier life left, make the root
// tree, split into warden and builder, give up what each does not need, serve.
#pragma once

#include "engine/sandbox/sandbox_plan.h"

namespace hotcell::warden {

/// The whole of hotcell-warden. Descriptors as protocol::WardenFd. `omitted` is empty in the product; a test passes
/// the step whose absence it wants to see. Returns the exit status of the calling process (the warden).
int run_authority(const sandbox::OmittedSteps& omitted);

}  // namespace hotcell::warden
