// What becomes of code when it is deployed, and what an engine's next life finds of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "hotcell/limits.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/zip_builder.h"
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
        ASSERT_TRUE(engine->catalog().create_service(service));
    }
    void open(std::uint32_t pooled_slots = 1) {
        EngineOptions options;
        options.state_dir = directory / "state";
        options.run_dir = directory / "run";
        options.libexec_dir = test::kBinDir;
        options.shims_dir = test::kShimsDir;
        options.runtimes_dir = options.shims_dir + "/../runtimes";
        options.pooled_slots = pooled_slots;
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
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
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
        return directory / "state/code/" + engine->catalog().get_function("test", function)->code.name;
    }

    TemporaryDirectory directory;
    std::optional<Engine> engine;
};

TEST_F(DeployTest, APackageMayHaveItsLimitAndNoByteMore) {
    const std::string handler = "import os\ndef handler(event, context):\n    return os.path.getsize('/code/data')\n";
    std::string zip = stored_zip_of_size(kMostPackage.count, handler);
    const auto created = engine->catalog().create_function(python("f"), zip);
    ASSERT_TRUE(created) << created.error().message();
    EXPECT_GT(std::stoul(payload_of("f")), kMostPackage.count - 1000);
    zip += '\0';
    const auto refused = engine->catalog().create_function(python("g"), zip);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "EntityTooLarge");
    EXPECT_EQ(refused.error().message(),
              "code: payload size exceeds maximum allowed size (78643200 bytes): the package has 78643201 bytes");
    FunctionChange change;
    change.zip = zip;
    EXPECT_EQ(engine->catalog().update_function("test", "f", change).error().code, "EntityTooLarge");
    Layer layer;
    layer.name = "l";
    EXPECT_EQ(engine->catalog().publish_layer(layer, zip).error().code, "EntityTooLarge");
}

TEST_F(DeployTest, WherePoolsAreEmptyPythonIsForked) {
    engine.reset();
    open(0);
    ASSERT_TRUE(engine->catalog().create_function(
        python("f"), zip_of({{"index.py", "def handler(event, context):\n    return 'mine'\n"}})));
    const auto report = call("f");
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->payload, "mine");
    EXPECT_EQ(report->start, "zygote");
}

TEST_F(DeployTest, CodeThatWasChangedOnTheDiskIsNotStarted) {
    const std::string zip = zip_of({{"index.py", "def handler(event, context):\n    return 'mine'\n"}});
    ASSERT_TRUE(engine->catalog().create_function(python("f"), zip));
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
    ASSERT_TRUE(engine->catalog().update_function("test", "f", change));
    EXPECT_EQ(payload_of("f"), "mine");
}

TEST_F(DeployTest, PackagesOfTheSameContentAreOneTree) {
    const std::string source = "def handler(event, context):\n    return 1\n";
    ASSERT_TRUE(
        engine->catalog().create_function(python("a"), ZipBuilder().add("index.py", source).add("b", "1").bytes()));
    ASSERT_TRUE(
        engine->catalog().create_function(python("b"), ZipBuilder().add("b", "1").add("index.py", source).bytes()));
    EXPECT_EQ(tree_of("a"), tree_of("b"));
    ASSERT_TRUE(engine->catalog().delete_function("test", "a"));
    EXPECT_EQ(payload_of("b"), "1");
}

/// Says of a module whether it came from byte code, without a look at its source.
constexpr char kWhereFrom[] = R"(
import importlib, sys
def handler(event, context):
    module = importlib.import_module(event.decode())
    loaded = module.__spec__
    return "%s %s %s" % (module.value, loaded.cached if loaded.has_location else "", module.made())
)";
constexpr char kModule[] = R"(
value = 'module'
def made():
    return made.__code__.co_filename
)";

TEST_F(DeployTest, PythonModulesAreCompiledWhenTheyAreDeployed) {
    ASSERT_TRUE(engine->catalog().create_function(
        python("f"), zip_of({{"index.py", kWhereFrom}, {"lib/part.py", kModule}, {"lib/data.txt", "x = 1"}})));
    const std::string tree = tree_of("f");
    EXPECT_TRUE(linux::exists(tree + "/__pycache__/index.cpython-311.pyc"));
    EXPECT_TRUE(linux::exists(tree + "/lib/__pycache__/part.cpython-311.pyc"));
    EXPECT_FALSE(linux::exists(tree + "/lib/__pycache__/data.cpython-311.pyc"));
    EXPECT_EQ(payload_of("f", "lib.part"), "module /code/lib/__pycache__/part.cpython-311.pyc /code/lib/part.py");
    // what is run is the byte code: a source that has changed is not looked at (and the next life would refuse the tree)
    ASSERT_EQ(std::system(("sed -i s/module/source/ " + tree + "/lib/part.py").c_str()), 0);
    ASSERT_EQ(engine->evict_instances("test", "f"), 1u);
    EXPECT_TRUE(payload_of("f", "lib.part").starts_with("module "));
}

TEST_F(DeployTest, ByteCodeOfThePackageGivesWayToOurs) {
    ASSERT_TRUE(engine->catalog().create_function(
        python("f"), zip_of({{"index.py", kWhereFrom},
                             {"part.py", kModule},
                             {"__pycache__/part.cpython-311.pyc", "stale"},
                             {"__pycache__/part.cpython-39.pyc", "of another interpreter"}})));
    EXPECT_TRUE(payload_of("f", "part").starts_with("module /code/__pycache__/part.cpython-311.pyc"));
    EXPECT_EQ(linux::read_file(tree_of("f") + "/__pycache__/part.cpython-39.pyc", 100).value(),
              "of another interpreter");
    EXPECT_GT(linux::size_below(tree_of("f") + "/__pycache__"), 100u);
}

TEST_F(DeployTest, WhatCannotBeCompiledIsDeployedAllTheSame) {
    ASSERT_TRUE(engine->catalog().create_function(python("f"),
                                                  zip_of({{"index.py", "def handler(event, context:\n"},
                                                          {"good.py", kModule},
                                                          {"deep.py", std::string(200'000, '(')},
                                                          {"bytes.py", "\xff\xfe"},
                                                          {"many/__pycache__", "a file where the directory would be"},
                                                          {"many/part.py", kModule}})));
    EXPECT_TRUE(linux::exists(tree_of("f") + "/__pycache__/good.cpython-311.pyc"));
    EXPECT_FALSE(linux::exists(tree_of("f") + "/__pycache__/index.cpython-311.pyc"));
    const auto report = call("f");
    ASSERT_TRUE(report);
    EXPECT_EQ(report->outcome, InvokeOutcome::UnhandledError);
    EXPECT_NE(report->payload.find("UserCodeSyntaxError"), std::string::npos) << report->payload;
}

TEST_F(DeployTest, TheSamePackageIsUnpackedOnceForAllWhoDeployItAtATime) {
    std::string text(2 << 20, '\0');
    std::generate(text.begin(), text.end(), [n = 0u]() mutable { return char(n++ * 2654435761u >> 24); });
    const std::string zip = zip_of({{"index.py", "def handler(event, context):\n    return 1\n"}, {"text", text}});
    std::vector<std::thread> threads;
    std::atomic<int> created = 0;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&, i] {
            if (engine->catalog().create_function(python("f" + std::to_string(i)), zip)) ++created;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(created, 6);
    EXPECT_LE(engine->describe().runs, 2u);  // an unpacker and a compiler
    EXPECT_EQ(payload_of("f5"), "1");
}

TEST_F(DeployTest, ThePackageComesBackAsItWasSent) {
    const std::string first = zip_of({{"index.py", "def handler(event, context):\n    return 1\n"}});
    const std::string second = zip_of({{"index.py", "def handler(event, context):\n    return 2\n"}});
    ASSERT_TRUE(engine->catalog().create_function(python("f"), first));
    ASSERT_TRUE(engine->catalog().publish_version("test", ""));
    FunctionChange change;
    change.zip = second;
    ASSERT_TRUE(engine->catalog().update_function("test", "f", change));
    const auto packages = [&] { return linux::list_directory(directory / "state/packages")->size(); };
    EXPECT_EQ(*engine->catalog().get_code("test", "f"), second);
    EXPECT_EQ(*engine->catalog().get_code("test", "f", "1"), first);
    EXPECT_EQ(packages(), 2u);
    ASSERT_TRUE(linux::write_new_file(directory / "state/packages/left-by-a-crash", "x", 0600));
    reopen();
    EXPECT_EQ(packages(), 2u);
    EXPECT_EQ(*engine->catalog().get_code("test", "f", "1"), first);
    ASSERT_TRUE(engine->catalog().delete_version("test", 1));
    EXPECT_EQ(packages(), 1u);
    const std::string file = directory / "state/packages/" + engine->catalog().get_function("test", "f")->code.package;
    ASSERT_EQ(std::system(("echo x >> " + file).c_str()), 0);
    const auto changed = engine->catalog().get_code("test", "f");
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().kind, ErrorKind::Broken);
    ASSERT_TRUE(engine->catalog().delete_function("test", "f"));
    EXPECT_EQ(packages(), 0u);
}

class LayersTest : public DeployTest {
protected:
    std::string publish(const std::string& name, const std::string& zip) {
        Layer layer;
        layer.name = name;
        layer.compatible_runtimes = {"python3"};
        const auto made = engine->catalog().publish_layer(layer, zip);
        EXPECT_TRUE(made) << made.error().message();
        return made ? made->arn : "";
    }
    static std::string words(const std::string& word, const std::string& more = {}) {
        return ZipBuilder()
            .add("python/words.py", "WORD = '" + word + "'\n")
            .add("share/" + word, word)
            .add("share/both", word + more)
            .bytes();
    }
    static Function reader(const std::string& name, std::vector<std::string> layers) {
        Function function = python(name);
        function.settings.layers = std::move(layers);
        return function;
    }
    const std::string source_ = zip_of({{"index.py", R"(
import os
def handler(event, context):
    try:
        import words
    except ImportError:
        return 'none'
    with open('/opt/share/both') as both:
        return '%s %s %s' % (words.WORD, both.read(), ' '.join(sorted(os.listdir('/opt/share'))))
)"}});
};

TEST_F(LayersTest, AreOneTreeAtOptInWhichTheFirstOneWins) {
    const std::string one = publish("one", words("one"));
    const std::string two = publish("two", words("two"));
    EXPECT_EQ(one, "acs:fc:local:0:layers/one/versions/1");
    ASSERT_TRUE(engine->catalog().create_function(reader("a", {one}), source_));
    ASSERT_TRUE(engine->catalog().create_function(reader("b", {two, one}), source_));
    ASSERT_TRUE(engine->catalog().create_function(python("none"), source_));
    EXPECT_EQ(payload_of("a"), "one one both one");
    EXPECT_EQ(payload_of("b"), "two two both one two");
    EXPECT_EQ(payload_of("none"), "none");
}

TEST_F(LayersTest, AFunctionKeepsWhatItWasDeployedWith) {
    const std::string one = publish("words", words("one"));
    const std::string two = publish("words", words("two"));
    ASSERT_TRUE(engine->catalog().create_function(reader("f", {one}), source_));
    ASSERT_TRUE(engine->catalog().publish_version("test", ""));
    ASSERT_TRUE(engine->catalog().delete_layer("words", 1));
    EXPECT_EQ(engine->catalog().get_layer(one).error().code, "LayerVersionNotFound");
    FunctionChange change;
    change.layers = std::vector{two};
    ASSERT_TRUE(engine->catalog().update_function("test", "f", change));
    EXPECT_EQ(payload_of("f"), "two two both two");
    InvokeRequest old;
    old.service = "test";
    old.function = "f";
    old.qualifier = "1";
    EXPECT_EQ(engine->invoke(old)->payload, "one one both one");
    change.layers = std::vector<std::string>();
    ASSERT_TRUE(engine->catalog().update_function("test", "f", change));
    EXPECT_EQ(payload_of("f"), "none");
    reopen();
    EXPECT_EQ(payload_of("f"), "none");
    EXPECT_EQ(engine->invoke(old)->payload, "one one both one");
    EXPECT_EQ(publish("words", words("three")), "acs:fc:local:0:layers/words/versions/3");
}

TEST_F(LayersTest, AFunctionIsRefusedALayerThatIsNone) {
    for (const char* arn : {"acs:fc:local:0:layers/words/versions/1", "acs:fc:elsewhere:0:layers/words/versions/1",
                            "acs:fc:local:0:layers/words/versions/", "words"}) {
        const auto refused = engine->catalog().create_function(reader("f", {arn}), source_);
        ASSERT_FALSE(refused) << arn;
        EXPECT_EQ(refused.error().code, "LayerVersionNotFound");
    }
    EXPECT_EQ(linux::list_directory(directory / "state/packages")->size(), 0u) << "nothing is left of them";
}

}  // namespace
}  // namespace hotcell
