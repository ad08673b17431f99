// hotcell-unpack as a process: its exit status, its words, its time on the worst packages, and no more memory than it needs.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "engine/linux/unique_fd.h"
#include "hotcell/limits.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/zip_builder.h"
#include "tests/unit/package/read_back.h"

namespace hotcell {
namespace {

struct Said {
    int status = -1;
    std::string out;
    std::string err;
    std::chrono::nanoseconds took{};
};

constexpr std::uint64_t kMemory = kMostPackage.count + (14 << 20);  // all it may ever write to, the package included

class UnpackProgram : public ::testing::Test {
protected:
    Said run(const std::string& input, const std::string& out = {}) {
        EXPECT_TRUE(linux::write_new_file(directory / "in", input, 0600));
        const std::string out_path = out.empty() ? directory / "out" : out;
        const auto begun = std::chrono::steady_clock::now();
        const pid_t child = ::fork();
        if (child == 0) {
            ::dup2(::open((directory / "in").c_str(), O_RDONLY), 0);
            ::dup2(::open(out_path.c_str(), O_WRONLY | O_CREAT, 0600), 1);
            ::dup2(::open((directory / "err").c_str(), O_WRONLY | O_CREAT, 0600), 2);
            const rlimit memory{kMemory, kMemory};
            ::setrlimit(RLIMIT_DATA, &memory);
            ::execl(HOTCELL_UNPACK, "hotcell-unpack", static_cast<char*>(nullptr));
            ::_exit(127);
        }
        Said said;
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        said.took = std::chrono::steady_clock::now() - begun;
        said.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        said.err = linux::read_file(directory / "err", 1 << 20).value_or("");
        if (out.empty()) said.out = linux::read_file(out_path, 300 << 20).value_or("");
        for (const char* name : {"in", "out", "err"}) ::unlink((directory / name).c_str());
        return said;
    }

    TemporaryDirectory directory;
};

TEST_F(UnpackProgram, WritesTheStream) {
    const std::string zip = ZipBuilder().add("a", "content").add("b", std::string(1 << 20, 'b')).bytes();
    const Said said = run(zip);
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.err, "");
    EXPECT_EQ(said.out, stream_of(zip).value());
}

TEST_F(UnpackProgram, RefusesInOneLineWithExitOne) {
    const Said said = run(ZipBuilder().add("a\n../b", "x").bytes());
    EXPECT_EQ(said.status, 1);
    EXPECT_EQ(said.err, "entry 'a?../b': its name has a control character\n");
    EXPECT_EQ(said.out, "");
}

TEST_F(UnpackProgram, EndsWithTwoWhenItCannotWrite) {
    const Said said = run(ZipBuilder().add("a", std::string(1 << 20, 'x')).bytes(), "/dev/full");
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.err, "write the unpacked stream: ENOSPC\n");
}

TEST_F(UnpackProgram, RefusesAByteTooMuch) {
    const Said said = run(std::string(kMostPackage.count + 1, 'x'));
    EXPECT_EQ(said.status, 1);
    EXPECT_EQ(said.err, "the package has 78643201 bytes, at most 78643200 are taken\n");
}

TEST_F(UnpackProgram, StaysSmallAndQuickOnBombs) {
    ZipItem bomb;
    bomb.name = "zeros";
    bomb.content = std::string(200 << 20, '\0');
    bomb.deflate = true;
    std::vector<std::string> bombs{zip_of(bomb)};
    bomb.size = 1 << 20;  // what it says is within every limit
    bombs.push_back(zip_of(bomb));
    ZipBuilder many;
    for (int i = 0; i < 500'000; ++i) many.add("f" + std::to_string(i), "");
    bombs.push_back(many.bytes(1));
    bombs.push_back(many.bytes(20'000));
    ZipBuilder deep;
    for (int i = 0; i < 20'000; ++i) {
        std::string path = std::to_string(i);
        while (path.size() < 1000) path += "/" + std::string(18, 'd');
        deep.add(path, "");
    }
    bombs.push_back(deep.bytes());
    ZipBuilder wide;
    const std::string prefix = std::string(250, 'a') + "/" + std::string(250, 'b') + "/" + std::string(250, 'c') + "/";
    for (int i = 0; i < 19'997; ++i) wide.add(prefix + std::string(240, 'd') + std::to_string(i), "");
    bombs.push_back(wide.add("/", "").bytes());
    for (const std::string& zip : bombs) {
        ASSERT_LT(zip.size(), kMostPackage.count);
        const Said said = run(zip);
        EXPECT_EQ(said.status, 1) << said.err;
        EXPECT_LT(said.took, std::chrono::seconds(5));
        EXPECT_LT(said.out.size(), 2u << 20);
    }
}

}  // namespace
}  // namespace hotcell
