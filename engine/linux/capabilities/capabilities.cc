#include "engine/linux/capabilities/capabilities.h"

#include <sys/prctl.h>

#include <algorithm>
#include <memory>
#include <type_traits>

#include "engine/linux/syscall.h"

namespace hotcell::linux {

namespace {

struct FreeCapabilities {
    void operator()(cap_t set) const { ::cap_free(set); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

Result<> shrink_bounding_set(std::initializer_list<cap_value_t> kept) {
    for (cap_value_t capability = 0; ::cap_get_bound(capability) >= 0; ++capability) {
        if (std::ranges::find(kept, capability) != kept.end()) continue;
        TRY(syscall("drop a capability from the bounding set", [&] { return ::cap_drop_bound(capability); }));
    }
    return {};
}

}  // namespace

Result<> keep_only(std::initializer_list<cap_value_t> kept) {
    TRY(syscall("clear the ambient capabilities", [] { return ::cap_reset_ambient(); }));
    TRY(shrink_bounding_set(kept));
    const Capabilities wanted(::cap_init());
    if (!wanted) return fail_errno(errno, "make a set of capabilities");
    const auto count = static_cast<int>(kept.size());
    if (count > 0) {
        TRY(syscall("list the permitted capabilities",
                    [&] { return ::cap_set_flag(wanted.get(), CAP_PERMITTED, count, kept.begin(), CAP_SET); }));
        TRY(syscall("list the effective capabilities",
                    [&] { return ::cap_set_flag(wanted.get(), CAP_EFFECTIVE, count, kept.begin(), CAP_SET); }));
    }
    TRY(syscall("set the capabilities", [&] { return ::cap_set_proc(wanted.get()); }));
    const Capabilities seen(::cap_get_proc());
    if (!seen || ::cap_compare(seen.get(), wanted.get()) != 0)
        return fail(ErrorKind::Broken, "set the capabilities: other ones are left than were asked for");
    return {};
}

Result<> forbid_new_privileges() {
    TRY(syscall("set no_new_privs", [] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }));
    return {};
}

}  // namespace hotcell::linux
