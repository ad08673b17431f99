#include "engine/linux/process/identity.h"

#include <grp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "engine/linux/syscall.h"

namespace hotcell::linux {

Result<> lock_securebits() {
    constexpr unsigned long kBits = SECURE_ALL_BITS | SECURE_ALL_LOCKS;
    // keep-caps would be cleared by an exec; with the fixup off it adds nothing
    constexpr unsigned long kWanted = kBits & ~static_cast<unsigned long>(issecure_mask(SECURE_KEEP_CAPS));
    TRY(syscall("lock the securebits", [] { return ::prctl(PR_SET_SECUREBITS, kWanted, 0, 0, 0); }));
    return {};
}

Result<> change_identity(uid_t uid, gid_t gid) {
    TRY(syscall("give up the supplementary groups", [] { return ::setgroups(0, nullptr); }));
    TRY(syscall("become group " + std::to_string(gid), [&] { return ::setresgid(gid, gid, gid); }));
    TRY(syscall("become user " + std::to_string(uid), [&] { return ::setresuid(uid, uid, uid); }));
    uid_t uids[3];
    gid_t gids[3];
    if (::getresuid(&uids[0], &uids[1], &uids[2]) != 0 || ::getresgid(&gids[0], &gids[1], &gids[2]) != 0 ||
        !std::ranges::all_of(uids, [&](uid_t id) { return id == uid; }) ||
        !std::ranges::all_of(gids, [&](gid_t id) { return id == gid; }) || ::getgroups(0, nullptr) != 0)
        return fail(ErrorKind::Broken,
                    "become user " + std::to_string(uid) + ": other ids are left than were asked for");
    return {};
}

Result<> forbid_dumps() {
    TRY(syscall("forbid dumps", [] { return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }));
    return {};
}

Result<> limit_resources(std::uint64_t files) {
    rlimit descriptors{};
    TRY(syscall("read the limit of descriptors", [&] { return ::getrlimit(RLIMIT_NOFILE, &descriptors); }));
    descriptors.rlim_max = std::min<rlim_t>(descriptors.rlim_max, files);
    descriptors.rlim_cur = descriptors.rlim_max;
    TRY(syscall("limit descriptors", [&] { return ::setrlimit(RLIMIT_NOFILE, &descriptors); }));
    constexpr rlimit kNone{0, 0};
    for (const auto resource : {RLIMIT_CORE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_RTPRIO})
        TRY(syscall("limit resources", [&] { return ::setrlimit(resource, &kNone); }));
    return {};
}

Result<> leave_shared_namespaces() {
    TRY(syscall("leave the host's network, ipc and uts namespaces",
                [] { return ::unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS); }));
    return {};
}

}  // namespace hotcell::linux
