// hotcell-unpack where it belongs: in a slot, a package on its standard input. Needs root.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "engine/environment/code/sha256.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/requires.h"
#include "tests/support/zip_builder.h"
#include "tests/unit/package/read_back.h"

namespace hotcell {
namespace {

class UnpackInASlot : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        engine.emplace();
    }
    RunReport unpack_there(std::string zip, const std::string& then = {}) {
        RunRequest request;
        request.program = "#!/bin/sh\n/hotcell/native/hotcell-unpack" + then + "\n";
        request.event = std::move(zip);
        request.limits.output = mebibytes(64);
        auto report = engine->run(std::move(request));
        EXPECT_TRUE(report) << report.error().message();
        return report ? *report : RunReport{};
    }

    std::optional<test::TestEngine> engine;
};

TEST_F(UnpackInASlot, SaysTheSameStreamAsOutside) {
    ZipItem packed;
    packed.name = "lib/text";
    packed.content = std::string(3 << 20, 't');
    std::generate(packed.content.begin(), packed.content.end(),
                  [n = 0u]() mutable { return char(n++ * 2654435761u >> 24); });
    packed.deflate = true;
    const std::string zip = ZipBuilder().add("index.py", "x").add(packed).bytes();
    const RunReport report = unpack_there(zip);
    EXPECT_EQ(report.code, 0) << report.log;
    EXPECT_EQ(report.log, "");
    EXPECT_EQ(report.output, stream_of(zip).value());
    EXPECT_EQ(tree_of_stream(report.output).value().size(), 2u);
}

TEST_F(UnpackInASlot, RefusesInOneLine) {
    const RunReport report = unpack_there(ZipBuilder().add("../escape", "x").bytes());
    EXPECT_EQ(report.outcome, RunOutcome::Exited);
    EXPECT_EQ(report.code, 1);
    EXPECT_EQ(report.log, "entry '../escape': its path has '..'\n");
    EXPECT_EQ(report.output, "");
}

TEST_F(UnpackInASlot, TakesALargePackageWithinTheDefaultMemory) {
    const std::string zip = stored_zip_of_size(64 << 20);  // as much as an event may be
    const RunReport report = unpack_there(zip, " | sha256sum");
    EXPECT_EQ(report.outcome, RunOutcome::Exited);
    EXPECT_EQ(report.log, "");
    environment::Sha256 hash;
    hash.add(stream_of(zip).value());
    EXPECT_EQ(report.output, hash.hex() + "  -\n");
}

}  // namespace
}  // namespace hotcell
