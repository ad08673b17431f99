// A runtime's root image: its sandboxes see that and nothing of the host, other runtimes' still see the host's. Needs root.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"

namespace hotcell {
namespace {

constexpr const char* kBusybox = "/bin/busybox";

class RootImage : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        char name[] = "/tmp/hotcell-image-XXXXXX";
        directory_ = ::mkdtemp(name);
    }
    void TearDown() override {
        if (!directory_.empty()) linux::remove_tree(directory_);
    }

    std::string images() const { return directory_ + "/images"; }
    /// The smallest image there is: a shell that needs no library.
    void make_image(const std::string& runtime) {
        const std::string image = images() + "/" + runtime;
        std::filesystem::create_directories(image + "/usr/bin");
        std::filesystem::copy_file(kBusybox, image + "/usr/bin/busybox");
        std::filesystem::create_symlink("busybox", image + "/usr/bin/sh");
        std::filesystem::create_symlink("busybox", image + "/usr/bin/ls");
        std::ofstream(image + "/image.json") << "{}\n";
    }
    Result<Engine> open() {
        EngineOptions options;
        options.state_dir = directory_ + "/state";
        options.run_dir = directory_ + "/run";
        options.libexec_dir = test::kBinDir;
        options.shims_dir = test::kShimsDir;
        options.runtimes_dir = options.shims_dir + "/../runtimes";
        options.images_dir = images();
        options.pooled_slots = 1;
        return Engine::open(options);
    }
    static std::string output_of(Engine& engine, const std::string& runtime, const std::string& program) {
        RunRequest request;
        request.runtime = runtime;
        request.program = program;
        request.start = StartKind::Exec;
        const auto report = engine.run(request);
        EXPECT_TRUE(report) << report.error().message();
        return report ? report->output : std::string();
    }

    std::string directory_;
};

TEST_F(RootImage, IsAllThatItsRuntimesSandboxesSee) {
    if (!linux::exists(kBusybox)) GTEST_SKIP() << "busybox-static is not installed";
    make_image("custom");
    auto engine = open();
    ASSERT_TRUE(engine) << engine.error().message();
    EXPECT_EQ(output_of(*engine, "custom", "#!/bin/sh\nls /usr/bin; ls /usr"), "busybox\nls\nsh\nbin\n");
    EXPECT_EQ(output_of(*engine, "python3", "import os; print(os.path.exists('/usr/bin/env'))"), "True\n")
        << "a runtime without an image sees the host's";
    for (const RuntimeState& runtime : engine->runtimes())
        EXPECT_EQ(runtime.root, runtime.name == "custom" ? "image" : "host") << runtime.name;
}

TEST_F(RootImage, IsRefusedWhenOthersThanRootMayChangeIt) {
    std::filesystem::create_directories(images() + "/custom/usr");
    std::ofstream(images() + "/custom/image.json") << "{}\n";
    std::filesystem::permissions(images() + "/custom", std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    const auto engine = open();
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().kind, ErrorKind::InvalidArgument);
    EXPECT_NE(engine.error().doing.find(images() + "/custom: belongs to somebody else than root"), std::string::npos)
        << engine.error().message();
}

}  // namespace
}  // namespace hotcell
