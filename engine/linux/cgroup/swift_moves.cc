#include "engine/linux/cgroup/swift_moves.h"

#include <linux/mount.h>
#include <sys/syscall.h>

#include "engine/linux/syscall.h"

namespace hotcell::linux::cgroup {

Result<UniqueFd> mount_swift_hierarchy(const std::string& name) {
    const UniqueFd context(TRY(syscall("open the cgroup filesystem", [] {
        return static_cast<int>(::syscall(SYS_fsopen, "cgroup", FSOPEN_CLOEXEC));
    })));
    const auto configure = [&](unsigned command, const char* key, const char* value) {
        return syscall("configure a hierarchy with favordynmods", [&] {
            return static_cast<int>(::syscall(SYS_fsconfig, context.get(), command, key, value, 0));
        });
    };
    TRY(configure(FSCONFIG_SET_FLAG, "none", nullptr));
    TRY(configure(FSCONFIG_SET_STRING, "name", name.c_str()));
    TRY(configure(FSCONFIG_SET_FLAG, "favordynmods", nullptr));
    TRY(configure(FSCONFIG_CMD_CREATE, nullptr, nullptr));
    return UniqueFd(TRY(syscall("mount a hierarchy with favordynmods", [&] {
        return static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC,
                                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
    })));
}

}  // namespace hotcell::linux::cgroup
