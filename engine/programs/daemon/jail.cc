#include "engine/programs/daemon/jail.h"

#include "engine/base/result.h"
#include "engine/linux/capabilities/capabilities.h"
#include "engine/linux/mounts/mount.h"
#include "engine/linux/mounts/private_root.h"
#include "engine/linux/process/identity.h"
#include "engine/linux/seccomp/compile.h"
#include "engine/linux/seccomp/install.h"
#include "engine/sandbox/seccomp_profiles/profiles.h"

namespace hotcell::daemon {

namespace {

Result<> leave_namespaces(const JailOptions&) { return linux::leave_shared_namespaces(); }

Result<> change_root(const JailOptions& options) {
    TRY(linux::unshare_mounts());
    return linux::enter_root_of(options.directories);
}

Result<> limit(const JailOptions& options) { return linux::limit_resources(options.descriptors); }

/// The capabilities survive this step, because the next one needs CAP_SETPCAP to empty the bounding set.
Result<> change_identity(const JailOptions& options) {
    TRY(linux::lock_securebits());
    TRY(linux::change_identity(options.uid, options.gid));
    return linux::forbid_dumps();
}

Result<> drop_capabilities(const JailOptions&) { return linux::keep_only({}); }

Result<> forbid_new_privileges(const JailOptions&) { return linux::forbid_new_privileges(); }

Result<> load_filter(const JailOptions&) {
    const auto filter = TRY(linux::seccomp::compile(sandbox::front_profile()));
    return linux::seccomp::install(filter, linux::seccomp::Threads::All);
}

constexpr JailStep kSteps[] = {
    {"namespaces", leave_namespaces},
    {"root", change_root},
    {"limits", limit},
    {"identity", change_identity},
    {"capabilities", drop_capabilities},
    {"no-new-privileges", forbid_new_privileges},
    {"filter", load_filter},
};

}  // namespace

std::span<const JailStep> jail_steps() { return kSteps; }

Result<> enter_jail(const JailOptions& options) {
    for (const JailStep& step : kSteps) TRY_IN(std::string("jail: ") + step.name, step.apply(options));
    return {};
}

}  // namespace hotcell::daemon
