#include "engine/environment/channel/shared_memory.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "engine/linux/memory/memfd.h"

namespace hotcell::environment {
namespace {

constexpr std::uint32_t kResultsAt = SharedMemory::kEvents.count;
constexpr std::uint32_t kSize = SharedMemory::kSize.count;

/// What the sandbox's side holds: the descriptor, and whatever it does with it.
class OtherSide {
public:
    explicit OtherSide(int fd)
        : base_(static_cast<char*>(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0))) {}
    ~OtherSide() { ::munmap(base_, kSize); }
    OtherSide(const OtherSide&) = delete;
    char* at(std::size_t offset) { return base_ + offset; }

private:
    char* base_;
};

std::int64_t resident_bytes(int fd) {
    struct stat status {};
    ::fstat(fd, &status);
    return status.st_blocks * 512;
}

int mappings() {
    std::ifstream maps("/proc/self/maps");
    int count = 0;
    for (std::string line; std::getline(maps, line);)
        count += line.find("memfd:hotcell-environment") != std::string::npos;
    return count;
}

std::ptrdiff_t descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

TEST(SharedMemory, AnEventIsSeenWhereItIsSaidToBe) {
    const auto memory = SharedMemory::make();
    ASSERT_TRUE(memory) << memory.error().message();
    OtherSide other((*memory)->fd());
    for (const std::string& event : {std::string(300'000, 'a'), std::string(1000, 'b'), std::string(kResultsAt, 'c')}) {
        const auto where = (*memory)->put(event);
        ASSERT_TRUE(where) << where.error().message();
        EXPECT_EQ(where->length, event.size());
        EXPECT_EQ(std::string(other.at(where->offset), where->length), event);
    }
    EXPECT_FALSE((*memory)->put(std::string(kResultsAt + 1, 'd')));
}

TEST(SharedMemory, AResultIsCopiedOnceWhateverTheOtherSideDoesAfterwards) {
    const auto memory = SharedMemory::make();
    ASSERT_TRUE(memory);
    OtherSide other((*memory)->fd());
    std::fill_n(other.at(kResultsAt), 5000, 'x');
    const auto result = (*memory)->take({kResultsAt, 5000});
    std::fill_n(other.at(kResultsAt), 5000, 'y');
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, std::string(5000, 'x'));
}

TEST(SharedMemory, NothingIsTakenFromOutsideThePartForResults) {
    const auto memory = SharedMemory::make();
    ASSERT_TRUE(memory);
    for (const hc_shared& where :
         {hc_shared{0, 1}, hc_shared{kResultsAt - 1, 2}, hc_shared{kSize, 1}, hc_shared{kSize - 1, 2},
          hc_shared{kResultsAt, kSize - kResultsAt + 1}, hc_shared{kResultsAt, 0xffffffff},
          hc_shared{0xffffffff, 0xffffffff}, hc_shared{0xffffffff, 1}, hc_shared{0xffff0000, 0x00700000}})
        EXPECT_FALSE((*memory)->take(where)) << where.offset << " " << where.length;
    EXPECT_TRUE((*memory)->take({kResultsAt, kSize - kResultsAt}));
    EXPECT_TRUE((*memory)->take({kSize, 0}));
    EXPECT_EQ((*memory)->take({kResultsAt, 0}).value(), "");
}

TEST(SharedMemory, CannotBeMadeSmallerLargerOrReadOnlyByTheOtherSide) {
    const auto memory = SharedMemory::make();
    ASSERT_TRUE(memory);
    const int fd = ::dup((*memory)->fd());
    for (const off_t size : {off_t{0}, off_t{4096}, off_t{kSize} * 2}) {
        EXPECT_EQ(::ftruncate(fd, size), -1);
        EXPECT_EQ(errno, EPERM);
    }
    EXPECT_EQ(::fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
    // holes can be made: they read as zeros, and are no error
    const std::string event(100'000, 'a');
    ASSERT_TRUE((*memory)->put(event));
    ASSERT_EQ(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kSize), 0);
    EXPECT_EQ((*memory)->take({kResultsAt, 10}).value(), std::string(10, '\0'));
    EXPECT_TRUE((*memory)->put(event));
    ::close(fd);
}

TEST(SharedMemory, HasNoPagesBeforeTheFirstPayloadAndGivesThemBack) {
    const auto memory = SharedMemory::make();
    ASSERT_TRUE(memory);
    const int fd = (*memory)->fd();
    EXPECT_EQ(resident_bytes(fd), 0);
    EXPECT_EQ(mappings(), 0);
    ASSERT_TRUE((*memory)->put(std::string(kResultsAt, 'a')));
    OtherSide other(fd);
    std::fill_n(other.at(kResultsAt), 1 << 20, 'b');
    EXPECT_GE(resident_bytes(fd), 7 << 20);
    (*memory)->release_pages();
    EXPECT_EQ(resident_bytes(fd), 0);
    const auto where = (*memory)->put("again");
    ASSERT_TRUE(where);
    EXPECT_EQ(std::string(other.at(where->offset), where->length), "again");
}

TEST(SharedMemory, LeavesNeitherDescriptorNorMapping) {
    const auto before = descriptors();
    {
        const auto memory = SharedMemory::make();
        ASSERT_TRUE(memory);
        ASSERT_TRUE((*memory)->put("event"));
        EXPECT_EQ(mappings(), 1);
        EXPECT_EQ(descriptors(), before + 1);
        EXPECT_EQ(::fcntl((*memory)->fd(), F_GETFD), FD_CLOEXEC);
    }
    EXPECT_EQ(mappings(), 0);
    EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace hotcell::environment
