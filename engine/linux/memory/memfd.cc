#include "engine/linux/memory/memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/linux/syscall.h"

namespace hotcell::linux {

Result<UniqueFd> make_fixed_memory(const char* name, Bytes size) {
    UniqueFd fd(TRY(syscall("make a memfd", [&] { return ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); })));
    TRY(syscall("size a memfd", [&] { return ::ftruncate(fd.get(), static_cast<off_t>(size.count)); }));
    TRY(syscall("seal a memfd",
                [&] { return ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL); }));
    return fd;
}

Result<> fill_memory(int memory, std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = TRY(syscall("write to a memfd", [&] {
            return ::pwrite(memory, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        }));
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return {};
}

void free_pages(int memory, Bytes size) {
    (void)::fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size.count));
}

}  // namespace hotcell::linux
