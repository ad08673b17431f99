#include "engine/linux/mounts/private_root.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "engine/linux/mounts/mount.h"
#include "engine/linux/syscall.h"

namespace hotcell::linux {

Result<> enter_root_of(std::vector<std::string> directories) {
    // an outer directory is attached before one that lies in it
    std::ranges::sort(directories, {}, &std::string::size);
    std::vector<UniqueFd> trees;
    for (const auto& directory : directories) {
        trees.push_back(TRY(clone_tree(AT_FDCWD, directory)));
        TRY(set_mount_attributes(trees.back().get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
    }
    const std::string root = directories.front();
    TRY(mount_new("tmpfs", root, MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64k,nr_inodes=64,mode=0755"));
    for (const auto& directory : directories) {
        std::error_code error;
        std::filesystem::create_directories(root + directory, error);
        if (error) return fail_errno(error.value(), "make " + directory + " in the new root");
    }
    const UniqueFd top(TRY(syscall("open the new root", [&] { return ::open(root.c_str(), O_PATH | O_CLOEXEC); })));
    TRY(set_mount_attributes(top.get(), MOUNT_ATTR_RDONLY));
    for (std::size_t i = 0; i < trees.size(); ++i) TRY(attach_tree(trees[i].get(), AT_FDCWD, root + directories[i]));
    return pivot_into(root);
}

}  // namespace hotcell::linux
