// From how a call ended to what its caller is told, in FC's words. Pure but for the environment's counters in the answer.
#pragma once

#include "engine/dispatch/functions.h"

namespace hotcell::dispatch {

/// What is known before the answer: whose call it is.
InvokeReport known_report(const FunctionCall& call, const Function& function);
/// How a call ended, in FC's words, when the shim did not say it.
std::string message_of(const environment::Answer& answer, std::uint32_t timeout_s);
/// ClientClosedRequest: whoever made the call or the run has gone.
Error cancelled_error(std::string words = "Invocation canceled by client");
/// Everything but instance, start and phases. `initializer`: it was the initializer that failed.
InvokeReport make_report(const FunctionCall& call, const Function& function, environment::Answer answer,
                         bool initializer);
/// Parts of a start under the names of their phases ("runtime.fork").
void add_parts(PhaseClock& phases, const std::vector<Phase>& parts);

}  // namespace hotcell::dispatch
