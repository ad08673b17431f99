// What becomes of code when it is deployed, and what an engine's next life finds of it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/zip_of.h"

namespace hotcell {
namespace {

using test::zip_of;

class DeployTest : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        open();
        Service service;
        service.name = "test";
        ASSERT_TRUE(engine->create_service(service));
    }
    void open() {
        EngineOptions options;
        options.state_dir = directory / "state";
        options.run_dir = directory / "run";
        options.libexec_dir = test::kBinDir;
        options.shims_dir = test::kShimsDir;
        options.runtimes_dir = options.shims_dir + "/../runtimes";
        options.pooled_slots = 1;
        options.log = [](std::string_view line) {
            std::fprintf(stderr, "engine: %.*s\n", static_cast<int>(line.size()), line.data());
        };
        auto opened = Engine::open(options);
        ASSERT_TRUE(opened) << opened.error().message();
        engine.emplace(std::move(*opened));
    }
    void reopen() {
        engine.reset();
        open();
    }
    static Function python(const std::string& name) {
        Function function;
        function.service = "test";
        function.name = name;
        function.runtime = "python3";
        function.handler = "index.handler";
        return function;
    }
    Result<InvokeReport> call(const std::string& function, const std::string& event = {}) {
        InvokeRequest request;
        request.service = "test";
        request.function = function;
        request.event = event;
        return engine->invoke(std::move(request));
    }
    std::string payload_of(const std::string& function, const std::string& event = {}) {
        const auto report = call(function, event);
        return report ? report->payload : "refused: " + report.error().message();
    }
    std::string tree_of(const std::string& function) {
        return directory / "state/code/" + engine->get_function("test", function)->code_name;
    }

    TemporaryDirectory directory;
    std::optional<Engine> engine;
};

TEST_F(DeployTest, CodeThatWasChangedOnTheDiskIsNotStarted) {
    const std::string zip = zip_of({{"index.py", "def handler(event, context):\n    return 'mine'\n"}});
    ASSERT_TRUE(engine->create_function(python("f"), zip));
    ASSERT_EQ(payload_of("f"), "mine");
    const std::string file = tree_of("f") + "/index.py";
    reopen();
    EXPECT_EQ(payload_of("f"), "mine");
    ASSERT_EQ(std::system(("sed -i s/mine/them/ " + file).c_str()), 0);
    reopen();
    for (int i = 0; i < 2; ++i) {
        const auto refused = call("f");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::Broken);
        EXPECT_TRUE(refused.error().message().starts_with("function 'f': code ")) << refused.error().message();
        EXPECT_NE(refused.error().message().find("has been changed on the disk"), std::string::npos);
    }
    FunctionChange change;  // the same package again repairs it
    change.zip = zip;
    ASSERT_TRUE(engine->update_function("test", "f", change));
    EXPECT_EQ(payload_of("f"), "mine");
}

TEST_F(DeployTest, PackagesOfTheSameContentAreOneTree) {
    const std::string source = "def handler(event, context):\n    return 1\n";
    ASSERT_TRUE(engine->create_function(python("a"), zip_of({{"index.py", source}, {"b", "1"}})));
    ASSERT_TRUE(engine->create_function(python("b"), zip_of({{"b", "1"}, {"index.py", source}})));
    EXPECT_EQ(tree_of("a"), tree_of("b"));
    ASSERT_TRUE(engine->delete_function("test", "a"));
    EXPECT_EQ(payload_of("b"), "1");
}

}  // namespace
}  // namespace hotcell
