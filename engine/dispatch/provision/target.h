// How many environments a provision configuration wants at a moment. Pure: a clock that is set forwards or back neither loses nor
// doubles a scheduled action, because nothing is remembered of one but when it was due.
//
// Outside every window the configured target holds. A scheduled action sets the target from its last due time within its window
// on; target tracking follows how many are busy. Where several say something, the largest wins. Times in UTC.
// Source: Function Compute 2.0, provisioned instances.
#pragma once

#include <cstdint>

#include "hotcell/catalog.h"

namespace hotcell::dispatch {

/// `busy`: the most environments that were busy at a time of late.
std::uint32_t target_at(const ProvisionConfig& config, std::int64_t unix_s, std::uint32_t busy);

}  // namespace hotcell::dispatch
