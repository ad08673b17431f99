// How often a function has been called since the engine started, and how that ended: read from the engine's figures.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

struct CallCounts {
    std::map<std::string, std::uint64_t> by_outcome;  // "Succeeded", "UnhandledInvocationError" …
    std::uint64_t cold_starts = 0;

    std::uint64_t all() const;
    std::uint64_t failed() const;
};

/// Of Prometheus' text format; an empty function means all of the service.
CallCounts read_call_counts(std::string_view metrics, const std::string& service, const std::string& function);
Outcome<CallCounts> get_call_counts(const Host& host, const std::string& service, const std::string& function);

}  // namespace hotcell::cli
