#include "engine/linux/mounts/mount.h"

#include <sys/mount.h>

#include "engine/linux/raw/calls.h"
#include "engine/linux/syscall.h"

namespace hotcell::linux {

Result<> unshare_mounts() {
    TRY(syscall("unshare the mount namespace", [] { return ::unshare(CLONE_NEWNS); }));
    TRY(syscall("make mounts slaves of the host's",
                [] { return ::mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr); }));
    return {};
}

Result<UniqueFd> clone_tree(int dir, const std::string& path) {
    const long fd = raw::open_tree(dir, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (fd < 0) return fail_errno(static_cast<int>(-fd), "clone the mount tree of " + path);
    return UniqueFd(static_cast<int>(fd));
}

Result<> set_mount_attributes(int tree, std::uint64_t set) {
    const long result = raw::mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, set, 0);
    if (result < 0) return fail_errno(static_cast<int>(-result), "set mount attributes");
    return {};
}

Result<> attach_tree(int tree, int dir, const std::string& path) {
    const long result = raw::move_mount(tree, "", dir, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH);
    if (result < 0) return fail_errno(static_cast<int>(-result), "attach a mount at " + path);
    return {};
}

Result<> mount_new(const std::string& type, const std::string& target, unsigned long flags, const std::string& data) {
    TRY(syscall("mount " + type + " on " + target,
                [&] { return ::mount(type.c_str(), target.c_str(), type.c_str(), flags, data.c_str()); }));
    return {};
}

Result<> pivot_into(const std::string& new_root) {
    TRY(syscall("enter " + new_root, [&] { return ::chdir(new_root.c_str()); }));
    // the old root lands on top of the new one and is taken off again: no directory for it is needed (pivot_root(2))
    TRY(syscall("pivot_root to " + new_root, [] { return ::syscall(SYS_pivot_root, ".", "."); }));
    TRY(syscall("detach the old root", [] { return ::umount2(".", MNT_DETACH); }));
    TRY(syscall("enter the new root", [] { return ::chdir("/"); }));
    return {};
}

}  // namespace hotcell::linux
