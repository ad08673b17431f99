// libFuzzer target: runtime manifests and the root tree's recipe. What is accepted must fit the warden's struct or be
// refused there with words; a target of the tree never leaves it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/environment/runtime/manifest.h"
#include "engine/environment/runtime/root_entries.h"
#include "engine/environment/runtime/warden_config.h"

namespace environment = hotcell::environment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto manifest = environment::parse_manifest(text, "m.json");
    if (!manifest && manifest.error().doing.find("m.json: ") != 0) std::abort();
    const auto entries = environment::parse_root_entries(text, "h.json", {"/rootfs", "/shims", "/images"}, "/images/x");
    environment::WardenPlaces places;
    places.instance = "fuzz";
    places.run_dir = places.store_dir = places.init_path = "/x";
    if (manifest) {
        if (manifest->exec.empty() || manifest->exec[0][0] != '/') std::abort();
        if (manifest->program_file.find('/') != std::string::npos) std::abort();
        const auto config = environment::make_warden_config(places, {*manifest}, {});
        if (config && (*config)->runtime_count != 1) std::abort();
    }
    if (entries) {
        for (const environment::RootEntry& entry : *entries)
            if (entry.target.empty() || entry.target[0] == '/' ||
                ("/" + entry.target + "/").find("/../") != std::string::npos)
                std::abort();
        (void)environment::make_warden_config(places, {}, *entries);
    }
    return 0;
}
