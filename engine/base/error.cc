#include "hotcell/error.h"

#include <cstring>

namespace hotcell {

std::string_view name_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::Kernel: return "Kernel";
        case ErrorKind::NotFound: return "NotFound";
        case ErrorKind::Conflict: return "Conflict";
        case ErrorKind::InvalidArgument: return "InvalidArgument";
        case ErrorKind::Exhausted: return "Exhausted";
        case ErrorKind::TimedOut: return "TimedOut";
        case ErrorKind::Broken: return "Broken";
    }
    return "Broken";
}

std::string Error::message() const {
    std::string text = doing;
    if (sys != 0) {
        const char* name = ::strerrorname_np(sys);
        text += std::string(": ") + (name != nullptr ? name : std::to_string(sys));
    }
    if (!hint.empty()) text += " (" + hint + ")";
    return text;
}

}  // namespace hotcell
