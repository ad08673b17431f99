// Names of system calls to their x86-64 numbers, including those newer than the installed libseccomp.
//
// Here: lookup only. Kernel: arch/x86/entry/syscalls/syscall_64.tbl.
#pragma once

#include <optional>
#include <string_view>

namespace hotcell::linux::seccomp {

/// The last number of the table this was written against (Linux 6.18: file_setattr).
inline constexpr unsigned kNewestKnownCall = 469;

std::optional<int> number_of_call(std::string_view name);

}  // namespace hotcell::linux::seccomp
