// The fixed struct the warden is started with, filled from manifests and options. Every length is checked: what does
// not fit is an error, never cut.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/environment/runtime/manifest.h"
#include "engine/environment/runtime/root_entries.h"
#include "engine/protocol/warden_config.h"

namespace hotcell::environment {

struct WardenPlaces {
    std::string instance;
    std::string run_dir;
    std::string store_dir;
    std::string init_path;
    std::uint32_t front_uid = 0;
    std::uint32_t front_gid = 0;
    std::uint32_t require_landlock = 0;
};

/// On the heap: it is some tens of kilobytes.
Result<std::unique_ptr<protocol::WardenConfig>> make_warden_config(const WardenPlaces& places,
                                                                   const std::vector<Manifest>& manifests,
                                                                   const std::vector<RootEntry>& root);

}  // namespace hotcell::environment
