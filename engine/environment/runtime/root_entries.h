// What the sandboxes of each runtime see of files: its root image where one has been built, else listed parts of the host.
//
// Here: the two recipes (rootfs/host.json, rootfs/image.json) as entries of the warden's configuration. Not here: building an
// image (rootfs/build), mounting (warden/builder/root_tree).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/environment/runtime/manifest.h"

namespace hotcell::environment {

struct RootPlaces {
    std::string recipes;  // directory of host.json and image.json; relative sources are below it
    std::string shims;    // "$shims"
    std::string images;   // IMAGES/RUNTIME/ is a runtime's image
};

/// One entry of the root trees, as protocol::Bind.
struct RootEntry {
    std::string source;
    std::string target;
    bool link = false;
    bool optional = false;
    std::uint32_t runtimes = ~0u;  // bit n: of the n-th manifest
    bool operator==(const RootEntry&) const = default;
};

/// InvalidArgument with `file` and the key for everything out of rule. "$image/…" is below `image`, where there is one.
Result<std::vector<RootEntry>> parse_root_entries(std::string_view text, const std::string& file,
                                                  const RootPlaces& places, const std::string& image = {});

/// Sets the image of every manifest that has one. InvalidArgument for an image, or a directory of images, that anybody but root
/// may change: what is in it is opened with root's rights.
Result<> find_images(const std::string& images, std::vector<Manifest>& manifests);

/// The entries of all runtimes' trees; what several see stands once.
Result<std::vector<RootEntry>> read_root_entries(const RootPlaces& places, const std::vector<Manifest>& manifests);

}  // namespace hotcell::environment
