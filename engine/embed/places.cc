#include "engine/embed/places.h"

#include <initializer_list>

#include "engine/linux/files/files.h"

namespace hotcell::embed {

namespace {

Result<> find(std::string& directory, const char* what, const char* content,
              std::initializer_list<std::string> candidates) {
    if (directory.empty()) {
        for (const std::string& candidate : candidates) {
            if (!linux::exists(candidate + "/" + content)) continue;
            directory = linux::absolute_path(candidate);
            return {};
        }
        return fail(ErrorKind::NotFound,
                    std::string(what) + ": not found in " + *candidates.begin() + " nor below " + HOTCELL_PREFIX,
                    std::string("options.") + what + " says where it is");
    }
    directory = linux::absolute_path(directory);
    if (linux::exists(directory + "/" + content)) return {};
    return fail(ErrorKind::NotFound, std::string(what) + ": there is no " + content + " in " + directory);
}

}  // namespace

Result<> fill_in_places(EngineOptions& options) {
    const std::string prefix = HOTCELL_PREFIX;
    const std::string here = linux::program_directory();
    options.state_dir = linux::absolute_path(options.state_dir);
    options.run_dir = linux::absolute_path(options.run_dir);
    options.images_dir = linux::absolute_path(options.images_dir);
    TRY(find(options.libexec_dir, "libexec_dir", "hotcell-warden",
             {here, here + "/../libexec/hotcell", prefix + "/libexec/hotcell"}));
    TRY(find(options.runtimes_dir, "runtimes_dir", "custom/manifest.json",
             {here + "/../share/hotcell/runtimes", prefix + "/share/hotcell/runtimes"}));
    TRY(find(options.shims_dir, "shims_dir", ".", {here + "/../share/hotcell/shims", prefix + "/share/hotcell/shims"}));
    if (!linux::exists(rootfs_directory(options) + "/host.json"))
        return fail(ErrorKind::NotFound, "there is no host.json in " + rootfs_directory(options));
    return {};
}

std::string rootfs_directory(const EngineOptions& options) {
    return linux::absolute_path(options.runtimes_dir + "/../rootfs");
}

}  // namespace hotcell::embed
