// Runtimes with a virtual machine of their own (Java, C#) in real sandboxes: what is theirs alone. What all runtimes have in
// common is in functions_test.cc, what handlers see in tests/shims.
#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"
#include "tests/support/zip_of.h"

namespace hotcell {
namespace {

constexpr char kJava[] = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java";

std::string bytes_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
}

class ManagedRuntimes : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!linux::is_root()) return;
        char name[] = "/tmp/hotcell-managed-XXXXXX";
        directory = ::mkdtemp(name);
        EngineOptions options;
        options.state_dir = directory + "/state";
        options.run_dir = directory + "/run";
        options.libexec_dir = test::kBinDir;
        options.shims_dir = test::kShimsDir;
        options.runtimes_dir = options.shims_dir + "/../runtimes";
        options.pooled_slots = 1;
        options.log = [](std::string_view line) {
            std::fprintf(stderr, "engine: %.*s\n", static_cast<int>(line.size()), line.data());
        };
        auto opened = Engine::open(options);
        ASSERT_TRUE(opened) << opened.error().message();
        engine = new Engine(std::move(*opened));
        Service service;
        service.name = "test";
        ASSERT_TRUE(engine->catalog().create_service(service));
    }
    static void TearDownTestSuite() {
        delete engine;
        linux::remove_tree(directory);
    }
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        HOTCELL_REQUIRES(::access(kJava, X_OK) == 0 ? ::hotcell::testing::Missing{}
                                                    : "needs java-17-openjdk-amd64 (package openjdk-17-jre-headless)");
    }

    static void java(const std::string& name, const std::string& type, std::uint32_t memory_mib,
                     std::uint32_t timeout_s = 60) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings.runtime = "java11";
        function.settings.handler = "test.Functions$" + type + "::handleRequest";
        function.settings.memory_mib = memory_mib;
        function.settings.timeout_s = timeout_s;
        deploy(std::move(function), {{"functions.jar", bytes_of(HOTCELL_TEST_JAR)}, {"data.txt", "data"}});
    }
    static void deploy(Function function, const std::map<std::string, std::string>& files) {
        const auto created = engine->catalog().create_function(std::move(function), test::zip_of(files));
        EXPECT_TRUE(created) << created.error().message();
    }
    static InvokeReport call(const std::string& function, const std::string& event = {}) {
        InvokeRequest request;
        request.service = "test";
        request.function = function;
        request.event = event;
        auto report = engine->invoke(std::move(request));
        EXPECT_TRUE(report) << report.error().message();
        return report ? *report : InvokeReport{};
    }
    static void mono(const std::string& name, const std::string& method, std::uint32_t memory_mib,
                     std::uint32_t timeout_s = 60) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings.runtime = "dotnetcore3.1";
        function.settings.handler = "Functions::Test.Functions::" + method;
        function.settings.memory_mib = memory_mib;
        function.settings.timeout_s = timeout_s;
        deploy(std::move(function), {{"Functions.dll", bytes_of(HOTCELL_TEST_ASSEMBLY)}, {"data.txt", "data"}});
    }
    /// A booted one lies ready: the start that follows is prepared.
    static bool wait_prepared(const std::string& runtime) {
        for (int i = 0; i < 15'000; ++i) {
            for (const PoolState& pool : engine->describe().pools)
                if (pool.runtime == runtime && pool.start == "prepared" && pool.ready > 0) return true;
            ::poll(nullptr, 0, 2);
        }
        return false;
    }

    static inline std::string directory;
    static inline Engine* engine = nullptr;
};

TEST_F(ManagedRuntimes, AJavaFunctionStartsInAPreparedSlotAndIsThenWarm) {
    java("j_echo", "Echo", 128);
    ASSERT_TRUE(wait_prepared("java"));
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    const InvokeReport cold = call("j_echo", all);
    EXPECT_EQ(cold.outcome, InvokeOutcome::Succeeded) << cold.payload;
    EXPECT_EQ(cold.payload, all);
    EXPECT_EQ(cold.start, "prepared");
    const InvokeReport warm = call("j_echo", "again");
    EXPECT_EQ(warm.payload, "again");
    EXPECT_EQ(warm.start, "warm");
    EXPECT_EQ(warm.instance_id, cold.instance_id);
    const std::string large(6 << 20, 'j');
    EXPECT_EQ(call("j_echo", large).payload, large);
}

TEST_F(ManagedRuntimes, JavaSeesItsSandbox) {
    java("j_see", "Surroundings", 256);
    const InvokeReport report = call("j_see");
    EXPECT_EQ(report.outcome, InvokeOutcome::Succeeded) << report.payload;
    for (const char* words :
         {"|UTC|/code|/code/data.txt|/code/data.txt|data|/code ", "FC_FUNCTION_NAME=j_see", " none "})
        EXPECT_NE(report.payload.find(words), std::string::npos) << words << "\n" << report.payload;
}

TEST_F(ManagedRuntimes, JavaCollectsBeforeItReachesASmallLimitAndIsToldApartWhenItDoes) {
    java("j_memory", "Memory", 128);
    const InvokeReport first = call("j_memory", "garbage");
    EXPECT_EQ(first.payload, "fine") << first.log_tail;
    EXPECT_EQ(call("j_memory", "garbage").instance_id, first.instance_id);
    const InvokeReport out = call("j_memory", "keep");
    EXPECT_EQ(out.end, EnvironmentEnd::OutOfMemory) << out.payload;
    EXPECT_EQ(call("j_memory").payload, "fine") << "in a new environment";
}

TEST_F(ManagedRuntimes, ACSharpFunctionStartsInAPreparedSlotAndIsThenWarm) {
    mono("m_echo", "EchoLater", 128);
    ASSERT_TRUE(wait_prepared("mono"));
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    const InvokeReport cold = call("m_echo", all);
    EXPECT_EQ(cold.outcome, InvokeOutcome::Succeeded) << cold.payload;
    EXPECT_EQ(cold.payload, all);
    EXPECT_EQ(cold.start, "prepared");
    EXPECT_EQ(call("m_echo", "again").start, "warm");
    const std::string large(6 << 20, 'm');
    EXPECT_EQ(call("m_echo", large).payload, large);
    mono("m_see", "Surroundings", 128);
    const InvokeReport seen = call("m_see");
    EXPECT_EQ(seen.outcome, InvokeOutcome::Succeeded) << seen.payload;
    for (const char* words : {"FC_FUNCTION_NAME", "|0|/code|data|/code ", " none "})
        EXPECT_NE(seen.payload.find(words), std::string::npos) << words << "\n" << seen.payload;
}

TEST_F(ManagedRuntimes, CSharpCollectsInTimeAndItsEndsAreToldApart) {
    mono("m_memory", "Memory", 128);
    const InvokeReport first = call("m_memory", "garbage");
    EXPECT_EQ(first.payload, "fine");
    EXPECT_EQ(call("m_memory", "garbage").instance_id, first.instance_id);
    const InvokeReport out = call("m_memory", "keep");
    EXPECT_EQ(out.end, EnvironmentEnd::OutOfMemory) << out.payload;
    mono("m_late", "Memory", 128, 2);
    const InvokeReport late = call("m_late", "spin");
    EXPECT_EQ(late.end, EnvironmentEnd::TimedOut) << late.payload;
    mono("m_exit", "Throws", 128);
    const InvokeReport exited = call("m_exit", "exit");
    EXPECT_EQ(exited.end, EnvironmentEnd::Exited);
    EXPECT_NE(exited.payload.find("exit code 7"), std::string::npos) << exited.payload;
}

TEST_F(ManagedRuntimes, JavaEndsAtItsTimeout) {
    java("j_late", "Memory", 256, 3);
    EXPECT_EQ(call("j_late").payload, "fine");
    const InvokeReport late = call("j_late", "spin");
    EXPECT_EQ(late.end, EnvironmentEnd::TimedOut) << late.payload;
    java("j_exit", "Throws", 256);
    const InvokeReport exited = call("j_exit", "exit");
    EXPECT_EQ(exited.end, EnvironmentEnd::Exited);
    EXPECT_NE(exited.payload.find("exit code 7"), std::string::npos) << exited.payload;
}

}  // namespace
}  // namespace hotcell
