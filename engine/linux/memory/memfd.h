// Memory that is shared by descriptor with a process that is not trusted.
//
// Here: making it, so that nobody can take pages away under a mapping; filling it without a fault for each page; giving
// its pages back. Not here: mappings (environment/channel/shared_memory.h). Threads: free functions, any.
// Kernel: memfd_create(2), F_ADD_SEALS of fcntl(2), fallocate(2).
#pragma once

#include <string_view>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"
#include "hotcell/units.h"

namespace hotcell::linux {

/// A memfd of `size`, without pages yet, which can neither shrink (touching a mapping would be SIGBUS) nor grow (more than
/// was allowed) nor be sealed further. Close-on-exec. `name` is seen below /proc only.
Result<UniqueFd> make_fixed_memory(const char* name, Bytes size);
/// Writes all of `bytes` at `offset`. New pages cost a third of what touching them in a mapping does.
Result<> fill_memory(int memory, std::uint64_t offset, std::string_view bytes);
/// Frees the pages of the whole: it reads as zeros from here on, in every mapping. Cannot fail but for a wrong descriptor.
void free_pages(int memory, Bytes size);

}  // namespace hotcell::linux
