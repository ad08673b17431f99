// The package of a function, a zip file, from what the user has: a directory, a zip file, or one file.
//
// The same tree gives the same bytes: entries are sorted, times are fixed. Links stay links. libzip stays here.
#pragma once

#include <string>

#include "engine/programs/cli/failure.h"

namespace hotcell::cli {

/// `path` is a directory, a file of the name *.zip, or another file, which becomes the only entry. Of a directory, .fcignore
/// in it and what that names stay out (ignore_rules.h). Refused: what is neither file, directory nor link, a tree without a
/// file, and what the engine would refuse for its size (protocol/package/limits.h).
Outcome<std::string> make_package(const std::string& path);

}  // namespace hotcell::cli
