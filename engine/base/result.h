// TRY and the short ways to make an Error. The types themselves are public: hotcell/error.h.
#pragma once

#include <utility>

#include "hotcell/error.h"

/// The value of `expr`, or return its error from this function. Not inside a coroutine: use TRY_CO there.
#define TRY(expr)                                                                 \
    __extension__({                                                               \
        auto&& try_result_ = (expr);                                              \
        if (!try_result_) return std::unexpected(std::move(try_result_).error()); \
        *std::move(try_result_);                                                  \
    })

/// The same, with one phrase put in front of the error.
#define TRY_IN(outer, expr)                                                                 \
    __extension__({                                                                         \
        auto&& try_result_ = (expr);                                                        \
        if (!try_result_) return std::unexpected(std::move(try_result_).error().in(outer)); \
        *std::move(try_result_);                                                            \
    })

namespace hotcell {

inline std::unexpected<Error> fail(ErrorKind kind, std::string doing, std::string hint = {}) {
    return std::unexpected(Error{kind, 0, std::move(doing), std::move(hint)});
}
inline std::unexpected<Error> fail_errno(int sys, std::string doing, std::string hint = {}) {
    return std::unexpected(Error{ErrorKind::Kernel, sys, std::move(doing), std::move(hint)});
}

}  // namespace hotcell
