// hotcell runtime install: the root image of a runtime, built by the script that is installed beside this program. Needs root and
// Debian's packages, no daemon.
#pragma once

#include <string>

#include "engine/programs/cli/failure.h"

namespace hotcell::cli {

struct InstallOptions {
    std::string runtime;
    std::string images_dir = "/var/lib/hotcell-images";
    std::string squashfs;  // a file to pack the image into as well; empty: none
    std::string mirror;    // a Debian mirror; empty: that of /etc/apt
};

/// Becomes the script; returns only when that cannot be started.
Outcome<int> install_runtime(const InstallOptions& options);

}  // namespace hotcell::cli
