// The words of hotcell/run.h and hotcell/invocation.h as the API and the command line print them.
#include "hotcell/invocation.h"
#include "hotcell/run.h"

namespace hotcell {

std::string_view name_of(StartKind kind) {
    switch (kind) {
        case StartKind::Automatic: return "auto";
        case StartKind::Exec: return "exec";
        case StartKind::Zygote: return "zygote";
        case StartKind::Prepared: return "prepared";
    }
    return "auto";
}

std::string_view name_of(SlotKind kind) {
    switch (kind) {
        case SlotKind::Any: return "any";
        case SlotKind::Pooled: return "pooled";
        case SlotKind::Fresh: return "fresh";
    }
    return "any";
}

std::string_view name_of(RunOutcome kind) {
    switch (kind) {
        case RunOutcome::Exited: return "exited";
        case RunOutcome::Signalled: return "signalled";
        case RunOutcome::TimedOut: return "timed-out";
        case RunOutcome::OutOfMemory: return "out-of-memory";
    }
    return "exited";
}

std::string_view name_of(InvokeOutcome outcome) {
    switch (outcome) {
        case InvokeOutcome::Succeeded: return "";
        case InvokeOutcome::HandledError: return "HandledInvocationError";
        case InvokeOutcome::UnhandledError: return "UnhandledInvocationError";
        case InvokeOutcome::InitializationError: return "InitializationError";
    }
    return "";
}

std::string_view name_of(EnvironmentEnd end) {
    switch (end) {
        case EnvironmentEnd::None: return "";
        case EnvironmentEnd::TimedOut: return "FunctionTimeoutError";
        case EnvironmentEnd::OutOfMemory: return "FunctionOOMError";
        case EnvironmentEnd::Exited: return "FunctionUnhandledError";
    }
    return "";
}

}  // namespace hotcell
