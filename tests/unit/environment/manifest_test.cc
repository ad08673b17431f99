#include "engine/environment/runtime/manifest.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/environment/runtime/warden_config.h"
#include "tests/support/build_paths.h"

namespace hotcell::environment {
namespace {

const std::string kGood = R"({"name": "lua", "programFile": "main.lua", "exec": ["/usr/bin/lua", "/code/main.lua"],
    "zygote": {"arguments": ["/usr/bin/lua", "/hotcell/z.lua"], "environment": {"A": "b"}, "memoryMiB": 64},
    "names": ["lua", "lua5.4"],
    "function": {"shim": ["/usr/bin/lua", "/hotcell/shim.lua"], "environment": {"B": "c"}, "prepared": true,
                 "sharedMemory": {"eventsFrom": 4096},
                 "compile": {"program": ["/usr/bin/luac", "-"], "directory": "luac"}},
    "environment": {"HOME": "/tmp"}})";

TEST(Manifest, ReadsEveryField) {
    const auto manifest = parse_manifest(kGood, "m.json");
    ASSERT_TRUE(manifest) << manifest.error().message();
    EXPECT_EQ(manifest->name, "lua");
    EXPECT_EQ(manifest->program_file, "main.lua");
    EXPECT_EQ(manifest->exec, (std::vector<std::string>{"/usr/bin/lua", "/code/main.lua"}));
    ASSERT_TRUE(manifest->zygote);
    EXPECT_EQ(manifest->zygote->memory, mebibytes(64));
    EXPECT_EQ(manifest->zygote->environment.at("A"), "b");
    EXPECT_EQ(manifest->environment.at("HOME"), "/tmp");
    EXPECT_EQ(manifest->names, (std::vector<std::string>{"lua", "lua5.4"}));
    ASSERT_TRUE(manifest->function);
    EXPECT_EQ(manifest->function->shim, (std::vector<std::string>{"/usr/bin/lua", "/hotcell/shim.lua"}));
    EXPECT_EQ(manifest->function->environment.at("B"), "c");
    EXPECT_TRUE(manifest->function->prepared);
    ASSERT_TRUE(manifest->function->shared_memory);
    EXPECT_EQ(manifest->function->shared_memory->events_from, Bytes{4096});
    EXPECT_FALSE(manifest->function->shared_memory->results_from);
    ASSERT_TRUE(manifest->function->compile);
    EXPECT_EQ(manifest->function->compile->program, (std::vector<std::string>{"/usr/bin/luac", "-"}));
    EXPECT_EQ(manifest->function->compile->directory, "luac");
}

TEST(Manifest, NeedsNoFunction) {
    const auto manifest = parse_manifest(R"({"name": "x", "programFile": "a", "exec": ["/x"]})", "m.json");
    ASSERT_TRUE(manifest) << manifest.error().message();
    EXPECT_FALSE(manifest->function);
    EXPECT_TRUE(manifest->names.empty());
}

TEST(Manifests, OfTheProductServeTheIdentifiersOfFunctions) {
    const auto manifests = read_manifests(std::string(test::kSourceDir) + "/runtimes");
    ASSERT_TRUE(manifests) << manifests.error().message();
    std::map<std::string, std::string> served;
    for (const Manifest& manifest : *manifests)
        for (const std::string& name : manifest.names) served[name] = manifest.name;
    EXPECT_EQ(served["python3"], "python3");
    EXPECT_EQ(served["python3.10"], "python3");
    EXPECT_EQ(served["nodejs14"], "nodejs");
    EXPECT_EQ(served["custom.debian12"], "custom");
    EXPECT_EQ(served["go1"], "provided");
    EXPECT_EQ(served["provided.al2023"], "provided");
    EXPECT_FALSE(served.contains("custom-container"));
}

TEST(Manifests, OfProgramsThatTalkHttpNameACommandAndNoShim) {
    const auto parse = [](const std::string& function) {
        return parse_manifest(R"({"name": "x", "programFile": "a", "exec": ["/x"], "function": )" + function + "}",
                              "file");
    };
    const auto server = parse(R"({"speaks": "http", "command": ["/code/bootstrap"]})");
    ASSERT_TRUE(server) << server.error().message();
    EXPECT_EQ(server->function->speaks, Speech::Http);
    const auto client = parse(
        R"({"speaks": "runtimeApi", "command": ["/b"], "commands": [{"name": "go1", "command": ["/code/{handler}"]}]})");
    ASSERT_TRUE(client) << client.error().message();
    EXPECT_EQ(client->function->commands.at("go1"), std::vector<std::string>{"/code/{handler}"});
    EXPECT_FALSE(parse(R"({"speaks": "http"})"));
    EXPECT_FALSE(parse(R"({"speaks": "http", "command": ["bootstrap"]})"));
    EXPECT_FALSE(parse(R"({"speaks": "smoke", "command": ["/b"]})"));
    EXPECT_FALSE(parse(R"({"speaks": "http", "command": ["/b"], "shim": ["/s"]})"));
}

TEST(Manifests, OfWhichTwoServeTheSameIdentifierAreRefused) {
    const std::string directory = ::testing::TempDir() + "manifests-" + std::to_string(::getpid());
    for (const char* name : {"one", "two"}) {
        std::filesystem::create_directories(directory + "/" + name);
        std::ofstream(directory + "/" + name + "/manifest.json")
            << R"({"name": ")" << name << R"(", "names": ["x"], "programFile": "a", "exec": ["/x"],
                   "function": {"shim": ["/s"]}})";
    }
    const auto manifests = read_manifests(directory);
    std::filesystem::remove_all(directory);
    ASSERT_FALSE(manifests);
    EXPECT_NE(manifests.error().doing.find("'x' is in names of both one and two"), std::string::npos)
        << manifests.error().doing;
}

TEST(Manifest, NamesFileAndKeyOfWhatIsWrong) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "m.json: not JSON"},
        {"[]", "m.json: not a JSON object"},
        {R"({})", "m.json: name is missing"},
        {R"({"name": 1})", "m.json: name is not a string"},
        {R"({"name": "../x"})", "m.json: name is not a name"},
        {R"({"name": "x", "programFile": "a/b"})", "m.json: programFile is not a plain file name"},
        {R"({"name": "x", "programFile": "a", "exec": []})", "m.json: exec is not a list of strings"},
        {R"({"name": "x", "programFile": "a", "exec": ["lua"]})", "m.json: exec must begin with an absolute path"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x\u0000y"]})", "m.json: exec has a NUL character"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x"], "environment": {"A=B": "c"}})",
         "m.json: environment has a name"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x"], "zygote": {"arguments": ["/y"], "memoryMiB": 1}})",
         "m.json: zygote.memoryMiB is not a whole number"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x"], "zygote": {"arguments": ["/y"], "extra": 1}})",
         "m.json: zygote.extra is not a key"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x"], "exce": 1})", "m.json: exce is not a key"},
        {R"({"name": "x", "names": ["a b"]})", "m.json: names has 'a b', which is not a name"},
        {R"({"name": "x", "names": ["a", "b", "a"]})", "m.json: names has 'a' twice"},
        {R"({"name": "x", "names": "a"})", "m.json: names is not a list of strings"},
        {R"({"name": "x", "names": ["a"], "programFile": "a", "exec": ["/x"]})", "m.json: names needs a function"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x"], "function": {}})", "m.json: function.shim is missing"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x"], "function": {"shim": ["s.py"]}})",
         "m.json: function.shim must begin with an absolute path"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x"], "function": {"shim": ["/s"], "prepared": 1}})",
         "m.json: function.prepared is neither true nor false"},
        {R"({"name": "x", "programFile": "a", "exec": ["/x"], "function": {"shim": ["/s"], "extra": 1}})",
         "m.json: function.extra is not a key"},
    };
    for (const auto& [text, message] : cases) {
        const auto manifest = parse_manifest(text, "m.json");
        ASSERT_FALSE(manifest) << text;
        EXPECT_EQ(manifest.error().kind, ErrorKind::InvalidArgument);
        EXPECT_TRUE(manifest.error().doing.starts_with(message)) << manifest.error().doing << "\nnot: " << message;
    }
}

TEST(RootEntries, ResolvesSourcesAndKeepsTargetsBelowTheRoot) {
    const auto entries =
        parse_root_entries(R"({"entries": [{"show": "/usr/bin"}, {"show": "etc/passwd", "at": "etc/passwd"},
        {"show": "$shims", "at": "hotcell"}, {"link": "usr/bin", "at": "bin", "optional": true}]})",
                           "h.json", {"/root-fs", "/shims", "/images"});
    ASSERT_TRUE(entries) << entries.error().message();
    ASSERT_EQ(entries->size(), 4u);
    EXPECT_EQ((*entries)[0].target, "usr/bin");
    EXPECT_EQ((*entries)[1].source, "/root-fs/etc/passwd");
    EXPECT_EQ((*entries)[2].source, "/shims");
    EXPECT_EQ((*entries)[3].source, "usr/bin");
    EXPECT_TRUE((*entries)[3].link);
    for (const char* at : {"/etc", "../etc", "a/../../etc"}) {
        const auto wrong = parse_root_entries(std::string(R"({"entries": [{"show": "x", "at": ")") + at + "\"}]}",
                                              "h.json", {"/r", "/s", "/i"});
        EXPECT_FALSE(wrong) << at;
    }
    EXPECT_FALSE(parse_root_entries(R"({"entries": [{"show": "/"}]})", "h.json", {"/r", "/s", "/i"}))
        << "the whole host";
}

TEST(WardenConfig, RefusesWhatDoesNotFitInsteadOfCuttingIt) {
    WardenPlaces places;
    places.instance = "i";
    places.run_dir = "/run";
    places.store_dir = "/store";
    places.init_path = "/init";
    auto manifest = parse_manifest(kGood, "m.json").value();
    const auto config = make_warden_config(places, {manifest}, {});
    ASSERT_TRUE(config) << config.error().message();
    EXPECT_STREQ((*config)->runtimes[0].environment[0], "A=b");
    EXPECT_GE((*config)->id_base, 100'000u);
    EXPECT_LE((*config)->id_base + std::uint64_t{(*config)->id_ranges} * 65536, 0xffffffffull);
    manifest.zygote->arguments.push_back(std::string(96, 'x'));
    EXPECT_FALSE(make_warden_config(places, {manifest}, {}));
    manifest.zygote->arguments.pop_back();
    places.run_dir = "/" + std::string(160, 'r');
    EXPECT_FALSE(make_warden_config(places, {manifest}, {}));
    places.run_dir = "/run";
    EXPECT_FALSE(make_warden_config(places, {manifest}, std::vector<RootEntry>(protocol::kMostBinds + 1)));
}

}  // namespace
}  // namespace hotcell::environment
