#include "engine/linux/seccomp/install.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "engine/linux/raw/calls.h"

namespace hotcell::linux::seccomp {

Result<> install(std::span<const std::byte> program, Threads threads) {
    if (program.empty() || program.size() % sizeof(sock_filter) != 0 ||
        program.size() / sizeof(sock_filter) > BPF_MAXINSNS)
        return fail(ErrorKind::InvalidArgument, "load a system-call filter: not a program");
    const sock_fprog whole{static_cast<unsigned short>(program.size() / sizeof(sock_filter)),
                           const_cast<sock_filter*>(reinterpret_cast<const sock_filter*>(program.data()))};
    const unsigned long flags = threads == Threads::All ? SECCOMP_FILTER_FLAG_TSYNC : 0UL;
    const long result = raw::call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole);
    if (result < 0) return fail_errno(static_cast<int>(-result), "load a system-call filter");
    if (result > 0) return fail(ErrorKind::Broken, "load a system-call filter: a thread could not be brought along");
    return {};
}

}  // namespace hotcell::linux::seccomp
