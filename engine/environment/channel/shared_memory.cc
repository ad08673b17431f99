#include "engine/environment/channel/shared_memory.h"

#include <algorithm>
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cstring>

#include "engine/linux/memory/memfd.h"

namespace hotcell::environment {

namespace ipc = boost::interprocess;

namespace {

/// What Boost.Interprocess calls a memory mappable: anything that tells its handle.
class Mappable {
public:
    explicit Mappable(int fd) : fd_(fd) {}
    ipc::mapping_handle_t get_mapping_handle() const { return ipc::ipcdetail::mapping_handle_from_file_handle(fd_); }

private:
    int fd_;
};

}  // namespace

struct SharedMemory::Mapping {
    ipc::mapped_region region;
};

SharedMemory::SharedMemory(linux::UniqueFd fd) : fd_(std::move(fd)) {}
SharedMemory::~SharedMemory() = default;

Result<std::unique_ptr<SharedMemory>> SharedMemory::make() {
    linux::UniqueFd fd = TRY_IN("shared memory", linux::make_fixed_memory("hotcell-environment", kSize));
    return std::unique_ptr<SharedMemory>(new SharedMemory(std::move(fd)));
}

Result<char*> SharedMemory::map() {
    if (!mapping_) {
        try {
            mapping_ = std::make_unique<Mapping>(
                Mapping{ipc::mapped_region(Mappable(fd_.get()), ipc::read_write, 0, kSize.count)});
        } catch (const ipc::interprocess_exception& refused) {
            return fail_errno(refused.get_native_error(), "map shared memory");
        }
    }
    return static_cast<char*>(mapping_->region.get_address());
}

Result<hc_shared> SharedMemory::put(std::string_view event) {
    if (event.size() > kEvents.count)
        return fail(ErrorKind::InvalidArgument, "an event of " + std::to_string(event.size()) + " bytes is too long");
    char* const base = TRY(map());
    const std::size_t warm = std::min(filled_, event.size());
    std::memcpy(base, event.data(), warm);
    TRY_IN("shared memory", linux::fill_memory(fd_.get(), warm, event.substr(warm)));
    filled_ = std::max(filled_, event.size());
    return hc_shared{0, static_cast<std::uint32_t>(event.size())};
}

Result<std::string> SharedMemory::take(const hc_shared& where) {
    const std::uint64_t end = std::uint64_t{where.offset} + where.length;
    if (where.offset < kEvents.count || end > kSize.count)
        return fail(ErrorKind::InvalidArgument, "a result at " + std::to_string(where.offset) + " of " +
                                                    std::to_string(where.length) + " bytes is not in shared memory");
    const char* const base = TRY(map());
    return std::string(base + where.offset, where.length);
}

void SharedMemory::release_pages() {
    filled_ = 0;
    linux::free_pages(fd_.get(), kSize);
}

}  // namespace hotcell::environment
