// Large events and results through an environment's shared memory, in real sandboxes: there and back, what a hostile program does
// to it, and what is left of it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/protocol/channel.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/requires.h"

namespace hotcell {
namespace {

using test::eventually;

/// Environments' memories that this process holds, and how many bytes of all of them have pages. A prepared environment has its
/// descriptor before it is called, so their number changes whenever the pool is filled; one is mapped when it is first used.
struct Held {
    int descriptors = 0;
    int mappings = 0;
    std::int64_t resident = 0;
};
Held held() {
    Held all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ignored;
        const std::string target = std::filesystem::read_symlink(entry.path(), ignored).string();
        struct stat status {};
        if (target.find("memfd:hotcell-environment") == std::string::npos || ::stat(entry.path().c_str(), &status) != 0)
            continue;
        ++all.descriptors;
        all.resident += status.st_blocks * 512;
    }
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        all.mappings += line.find("memfd:hotcell-environment") != std::string::npos;
    return all;
}

/// Of any bytes, none of which is where it would be in a payload shifted by a page.
std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) byte = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
    return bytes;
}

constexpr std::size_t kMost = 6 << 20;

class SharedMemoryTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (linux::is_root()) engine = new test::TestEngine;
    }
    static void TearDownTestSuite() {
        delete engine;
        EXPECT_EQ(held().descriptors, 0) << "after the engine's end";
    }
    void SetUp() override { HOTCELL_REQUIRES(::hotcell::testing::root()); }

    static void deploy(const std::string& name, const std::string& runtime, const std::string& file,
                       const std::string& source) {
        Function function = test::TestEngine::python(name);
        function.settings.runtime = runtime;
        function.settings.memory_mib = 256;
        engine->deploy(function, {{file, source}});
    }
    static void python(const std::string& name, const std::string& source) {
        deploy(name, "python3", "index.py", source);
    }

    static inline test::TestEngine* engine = nullptr;
};

TEST_F(SharedMemoryTest, PayloadsOfEverySizeComeBackInEachLanguage) {
    deploy("py", "python3", "index.py", "def handler(event, context):\n    return event\n");
    deploy("js", "nodejs20", "index.js", "exports.handler = async (event) => event;\n");
    deploy("php", "php8.2", "index.php", "<?php\nfunction handler($event, $context) { return $event; }\n");
    for (const char* name : {"py", "js", "php"}) {
        for (const std::size_t size :
             {std::size_t{1}, (std::size_t{64} << 10) - 1, std::size_t{64} << 10, (std::size_t{256} << 10) - 1,
              std::size_t{256} << 10, kMost, (std::size_t{1} << 20) + 1, kMost, std::size_t{5}}) {
            const std::string event = pattern(size);
            const InvokeReport report = engine->call(name, event);
            EXPECT_EQ(report.outcome, InvokeOutcome::Succeeded) << name << " " << size;
            EXPECT_TRUE(report.payload == event) << name << " " << size << ": " << report.payload.size() << " bytes";
        }
    }
}

TEST_F(SharedMemoryTest, ASmallCallNeedsNone) {
    python("small", "def handler(event, context):\n    return event\n");
    const int before = held().mappings;
    EXPECT_EQ(engine->call("small", std::string(60'000, 'x')).payload.size(), 60'000u);
    EXPECT_EQ(held().mappings, before);
    EXPECT_EQ(engine->call("small", std::string(300'000, 'x')).payload.size(), 300'000u);
    EXPECT_EQ(held().mappings, before + 1);
}

TEST_F(SharedMemoryTest, AResultAboveTheLimitIsTooLargeHoweverItComes) {
    python("large", "def handler(event, context):\n    return b'x' * int(event)\n");
    for (const std::size_t size : {kMost + 1, (std::size_t{13} << 20) + 1}) {
        const InvokeReport report = engine->call("large", std::to_string(size));
        EXPECT_NE(report.payload.find("response size exceeds maximum allowed size"), std::string::npos)
            << report.payload.substr(0, 300);
    }
    EXPECT_EQ(engine->call("large", std::to_string(kMost)).payload.size(), kMost);
}

// ---- hostile programs -----------------------------------------------------------------------------------------------

/// Answers the call that is under way in the shim's place, with a frame of its own.
std::string speaks_itself(const std::string& frame) {
    return "import os, struct\n"
           "RESULT, ERROR, SHARED, AT, SIZE = 6, 7, 4, 6 << 20, 13 << 20\n"
           "def frame(kind, flags, payload):\n"
           "    return struct.pack('<IHHQ', len(payload), kind, flags, number) + payload\n"
           "def place(offset, length):\n"
           "    return struct.pack('<II', offset, length)\n"
           "number = 0\n"
           "def handler(event, context):\n"
           "    global number\n"
           "    number += 1\n"
           "    if event:\n"
           "        os.write(5, " +
           frame +
           ")\n"
           "        import time\n"
           "        time.sleep(50)\n"
           "    return 'well'\n";
}

TEST_F(SharedMemoryTest, AProgramThatSaysAPlaceThatIsNoneEndsItsEnvironmentAlone) {
    const std::vector<std::string> frames = {
        "frame(RESULT, SHARED, place(0, 100))",             // the events' part
        "frame(RESULT, SHARED, place(AT - 1, 100))",        // begins there
        "frame(RESULT, SHARED, place(AT, SIZE - AT + 1))",  // ends behind it
        "frame(RESULT, SHARED, place(SIZE, 1))",
        "frame(RESULT, SHARED, place(0xffffffff, 0xffffffff))",
        "frame(RESULT, SHARED, b'four')",                  // no place
        "frame(ERROR, SHARED, place(AT, 100))",            // not of errors
        "frame(1, SHARED, place(AT, 100) + place(0, 0))",  // nor of READY
    };
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const std::string name = "hostile" + std::to_string(i);
        python(name, speaks_itself(frames[i]));
        EXPECT_EQ(engine->call(name).payload, "well");
        const InvokeReport report = engine->call(name, "now");
        EXPECT_EQ(report.end, EnvironmentEnd::Exited) << frames[i];
        EXPECT_NE(report.payload.find("Process exited unexpectedly before completing request"), std::string::npos)
            << frames[i] << ": " << report.payload.substr(0, 300);
        const InvokeReport after = engine->call(name);
        EXPECT_EQ(after.payload, "well") << frames[i];
        EXPECT_TRUE(after.cold) << frames[i];
    }
}

TEST_F(SharedMemoryTest, AProgramThatChangesItsMemoryWhileItAnswersHurtsNobody) {
    python("flips",
           "import mmap, os, threading\n"
           "memory = mmap.mmap(4, 13 << 20)\n"
           "def flip():\n"
           "    while True:\n"
           "        for value in b'ab':\n"
           "            memory[6 << 20 : 8 << 20] = bytes([value]) * (2 << 20)\n"
           "            try:\n"
           "                os.ftruncate(4, 0)\n"
           "            except OSError:\n"
           "                pass\n"
           "threading.Thread(target=flip, daemon=True).start()\n"
           "def handler(event, context):\n"
           "    return b'c' * (2 << 20)\n");
    for (int i = 0; i < 20; ++i) {
        const InvokeReport report = engine->call("flips");
        ASSERT_EQ(report.outcome, InvokeOutcome::Succeeded) << report.payload.substr(0, 300);
        ASSERT_EQ(report.payload.size(), std::size_t{2} << 20);
        ASSERT_EQ(report.payload.find_first_not_of("abc"), std::string::npos);
    }
    EXPECT_EQ(engine->evict_instances("test", "flips"), 1u);
}

TEST_F(SharedMemoryTest, ProgramsThatTheFunctionStartsDoNotGetIt) {
    python("starts",
           "import os, subprocess\n"
           "def handler(event, context):\n"
           "    return subprocess.run(['ls', '-l', '/proc/self/fd'], capture_output=True, close_fds=False).stdout\n");
    for (const std::string& event : {std::string(), std::string(1 << 20, 'x')}) {
        const std::string seen = engine->call("starts", event).payload;
        EXPECT_EQ(seen.find("memfd"), std::string::npos) << seen;
        EXPECT_NE(seen.find("2 -> "), std::string::npos) << seen;
    }
}

// ---- what is left ---------------------------------------------------------------------------------------------------

TEST_F(SharedMemoryTest, AnEnvironmentThatIsIdleGivesItsPagesBackAndOneThatEndsEverything) {
    python("idle", "def handler(event, context):\n    return event\n");
    ASSERT_TRUE(eventually([] { return held().resident == 0; }));
    const Held before = held();
    EXPECT_EQ(engine->call("idle", pattern(kMost)).payload.size(), kMost);
    EXPECT_GE(held().resident, 12 << 20);
    EXPECT_EQ(held().mappings, before.mappings + 1);
    EXPECT_TRUE(eventually([] { return held().resident == 0; }));
    EXPECT_EQ(held().mappings, before.mappings + 1) << "the environment is still there";
    const std::string event = pattern(kMost);
    EXPECT_TRUE(engine->call("idle", event).payload == event);
    EXPECT_EQ(engine->evict_instances("test", "idle"), 1u);
    EXPECT_TRUE(eventually([&] {
        const Held now = held();
        return now.resident == 0 && now.mappings == before.mappings;
    })) << held().mappings
        << " mappings, " << held().resident << " bytes";
}

}  // namespace
}  // namespace hotcell
