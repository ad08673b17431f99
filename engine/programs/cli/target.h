// What a command is about: SERVICE/FUNCTION[@QUALIFIER], or SERVICE.QUALIFIER/FUNCTION as FC's paths write it.
#pragma once

#include <string>
#include <string_view>

#include "engine/programs/cli/failure.h"

namespace hotcell::cli {

struct Target {
    std::string service;
    std::string function;   // empty where a service alone is allowed
    std::string qualifier;  // empty: LATEST

    /// "/2016-08-15/services/img.LATEST/functions/resize"
    std::string path() const;
    std::string shown() const;
};

/// The form alone is judged; the engine judges the names.
Outcome<Target> parse_target(std::string_view text, bool function_needed);

}  // namespace hotcell::cli
