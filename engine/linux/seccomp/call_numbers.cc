#include "engine/linux/seccomp/call_numbers.h"

#include <seccomp.h>

#include <array>
#include <string>
#include <utility>

namespace hotcell::linux::seccomp {
namespace {

// libseccomp 2.5.4 ends with futex_requeue.
constexpr std::array<std::pair<std::string_view, int>, 13> kNewerCalls{{
    {"statmount", 457},
    {"listmount", 458},
    {"lsm_get_self_attr", 459},
    {"lsm_set_self_attr", 460},
    {"lsm_list_modules", 461},
    {"mseal", 462},
    {"setxattrat", 463},
    {"getxattrat", 464},
    {"listxattrat", 465},
    {"removexattrat", 466},
    {"open_tree_attr", 467},
    {"file_getattr", 468},
    {"file_setattr", 469},
}};

}  // namespace

std::optional<int> number_of_call(std::string_view name) {
    for (const auto& [newer, number] : kNewerCalls) {
        if (newer == name) return number;
    }
    const int number = ::seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, std::string(name).c_str());
    if (number < 0) return std::nullopt;  // unknown, or a call that x86-64 never had
    return number;
}

}  // namespace hotcell::linux::seccomp
