// How every call of the library says that it did not succeed.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace hotcell {

/// What a caller's code can act on. Words for people are in Error::doing.
enum class ErrorKind : std::uint8_t {
    Kernel,           // the kernel refused; Error::sys says how
    NotFound,         // the thing named does not exist
    Conflict,         // it exists already, or is in a state that forbids this
    InvalidArgument,  // the caller's value is out of rule; Error::doing names field, limit and value
    Exhausted,        // a limit or budget is reached; trying later may succeed
    TimedOut,         // the deadline passed
    Broken,           // the other side went away or said something that makes no sense
};

/// The kind's name as the API prints it, e.g. "InvalidArgument".
std::string_view name_of(ErrorKind kind);

struct [[nodiscard]] Error {
    ErrorKind kind = ErrorKind::Broken;
    int sys = 0;         // errno when the kernel refused, otherwise 0
    std::string doing;   // for people, outermost first, lower case, no full stop
    std::string hint;    // the remedy when we know it, may be empty
    std::string code{};  // FC's name of it ("ServiceNotFound"), empty: the kind's

    /// The same failure seen from one layer further out: "outer: doing".
    Error in(std::string_view outer) && {
        doing = std::string(outer) + ": " + doing;
        return std::move(*this);
    }
    /// "start sandbox sbx-7: mount proc on /proc: EPERM (hint)"
    std::string message() const;
};

template <class T = void>
using Result = std::expected<T, Error>;

}  // namespace hotcell
