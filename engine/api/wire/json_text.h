// Small pieces that the writers of JSON share. Included by the sources of this folder only.
#pragma once

#include <boost/json/string.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/run.h"

namespace hotcell::api {

inline boost::json::string json_text(std::string_view value) { return boost::json::string(value.data(), value.size()); }

/// Microseconds with three digits; the library would write 47.17 as 4.717E1.
std::string micros_text(Nanos duration);

/// The members `totalMicros` and `phases`, without braces.
std::string json_of_times(Nanos total, const std::vector<Phase>& phases);

}  // namespace hotcell::api
