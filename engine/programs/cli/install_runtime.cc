#include "engine/programs/cli/install_runtime.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "engine/linux/files/files.h"

namespace hotcell::cli {

Outcome<int> install_runtime(const InstallOptions& options) {
    const std::string script = linux::program_directory() + "/../share/hotcell/rootfs/build";
    std::vector<std::string> words{script, options.runtime, "--into", options.images_dir};
    if (!options.squashfs.empty()) words.insert(words.end(), {"--squashfs", options.squashfs});
    if (!options.mirror.empty()) words.insert(words.end(), {"--mirror", options.mirror});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(script.c_str(), arguments.data());
    return std::unexpected(Failure{kEngineFailed, "Broken", "start " + script + ": " + std::strerror(errno),
                                   "the installation lacks share/hotcell/rootfs: install hotcell again"});
}

}  // namespace hotcell::cli
