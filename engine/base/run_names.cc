// The words of hotcell/run.h as the API and the command line print them.
#include "hotcell/run.h"

namespace hotcell {

std::string_view name_of(StartKind kind) {
    switch (kind) {
        case StartKind::Automatic: return "auto";
        case StartKind::Exec: return "exec";
        case StartKind::Zygote: return "zygote";
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

}  // namespace hotcell
