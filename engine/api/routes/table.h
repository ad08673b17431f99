// The table of routes: which methods and paths there are, in which trees, how much body each takes, and who answers.
//
// To add a resource: its readers and writers in wire/, its routes in a file of this folder, and rows here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/api/routes/route.h"

namespace hotcell::api {

/// Trees that a row stands in, as bits.
enum Trees : std::uint8_t { kNative = 1, k2016 = 2, k2021 = 4, kFc = k2016 | k2021 };

struct Row {
    std::string_view method;
    std::uint8_t trees;
    std::string_view path;  // after "/2016-08-15" or "/2021-04-06"; "{}" stands for one segment, at most three times
    std::size_t body_limit;
    Route answer;
    bool needs_catalog = true;  // and calls
};

std::span<const Row> rows();

}  // namespace hotcell::api
