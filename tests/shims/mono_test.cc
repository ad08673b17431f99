// The shim for C# on Mono: what handlers get, what callers get, what is in the log.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/fuzz/mutate.h"
#include "tests/shims/shim_process.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"

namespace hotcell::test {
namespace {

constexpr char kMono[] = "/usr/bin/mono-sgen";
const std::vector<std::string> kCommand = {kMono, std::string(kShimsDir) + "/csharp/shim.exe"};

std::string bytes_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
}

std::string method(const std::string& name) { return "Functions::Test.Functions::" + name; }

class MonoShim : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::access(kMono, X_OK) == 0 ? testing::Missing{} : "needs mono-sgen (package mono-runtime)");
    }

    static ShimCode code(const std::string& handler, const std::string& initializer = {}) {
        ShimCode code;
        code.files = {{"Functions.dll", bytes_of(HOTCELL_TEST_ASSEMBLY)}, {"data.txt", "data"}};
        code.handler = handler;
        code.initializer = initializer;
        return code;
    }
    static ShimProcess start(const std::string& name, const std::string& initializer = {}) {
        return ShimProcess(kCommand, code(method(name), initializer));
    }
};

TEST_F(MonoShim, TakesEventsAndGivesResultsThroughSharedMemory) {
    expect_echo_through_memory(kCommand, code(method("Echo")));
}

TEST_F(MonoShim, GivesAndTakesEveryByte) {
    for (const char* handler : {"Echo", "EchoLater"}) {
        ShimProcess shim = start(handler);
        std::string all;
        for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
        std::string large(6 << 20, 'x');
        for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
        for (const std::string& event :
             {all, std::string(), large, large.substr(0, 65536), large.substr(0, 65300), all}) {
            const Answer answer = shim.call(event);
            EXPECT_TRUE(answer.is_result()) << answer;
            EXPECT_TRUE(answer.payload == event) << event.size();
        }
        EXPECT_EQ(shim.wait(), 0);
    }
}

TEST_F(MonoShim, TakesFramesHoweverTheyComeApart) {
    ShimProcess shim = start("Echo");
    for (const char* id : {"a", "b"}) {
        for (const char byte : invoke_frame(1, 0, context_of(id), id)) shim.send(std::string(1, byte));
        EXPECT_EQ(shim.receive().payload, id);
    }
    shim.send(invoke_frame(1, 0, context_of("r"), "first") + invoke_frame(2, 0, context_of("r"), "second"));
    EXPECT_EQ(shim.receive().payload, "first");
    EXPECT_EQ(shim.receive().payload, "second");
}

TEST_F(MonoShim, CallsEveryShapeOfHandler) {
    const std::tuple<const char*, const char*, const char*> cases[] = {
        {"Text", "h\u00e9", "h\u00e9!"},
        {"Nothing", "x", ""},
        {"NothingLater", "x", ""},
        {"OnlyContext", "x", "rid-1"},
        {"None", "x", ""},
        {"Twice", "x", "x"},
        {"Pojo", R"({"X": 21, "Name": "p\u00e9", "Values": [1, 2.5], "More": 1})",
         "{\"Twice\":42,\"Name\":\"p\u00e9\",\"Values\":[1.0,2.5]}"},
        {"PojoLater", R"({"a": 1})", R"({"aa":2})"},
    };
    for (const auto& [name, event, result] : cases) {
        ShimProcess shim = start(name);
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_EQ(answer.payload, result) << name;
    }
    ShimProcess serialized(kCommand, code("Functions::Test.Serialized::Handler"));
    EXPECT_EQ(serialized.call("one\ntwo").payload, "two\none") << "a serializer of its own";
    ShimProcess wrong = start("Pojo");
    const Answer answer = wrong.call("{");
    EXPECT_TRUE(answer.is_unhandled() && answer.has(R"("errorType":"Newtonsoft.Json.)")) << answer;
}

TEST_F(MonoShim, ShowsTheWholeContext) {
    ShimProcess shim = start("ShowContext");
    EXPECT_EQ(shim.call("", "rid-9").payload,
              "rid-9|id|secret|token|42|local|f|Functions::Test.Functions::ShowContext||128|3|4|s|p|l||7");
    shim.send(invoke_frame(1, 0, R"({"requestId":"2020-01-01T00:00:00Z","qualifier":"prod"})", ""));
    const Answer answer = shim.receive();
    EXPECT_TRUE(answer.has("2020-01-01T00:00:00Z||||42|") && answer.has("|l|prod|7")) << answer;
}

TEST_F(MonoShim, ReplacesEnvironmentTimeZoneAndDirectory) {
    ShimCode own = code(method("Surroundings"));
    own.env = R"({"PATH": "/usr/bin:/bin", "TZ": "Asia/Shanghai", "GREETING": "h\u00e9 \ud83d\ude00"})";
    ShimProcess shim(kCommand, own);
    const Answer answer = shim.call("");
    const std::string greeting = "h\u00e9 \U0001F600";
    EXPECT_TRUE(answer.payload.starts_with("GREETING,PATH,TZ|" + greeting + "|8|" + shim.directory() + "|data|" +
                                           shim.directory() + " "))
        << answer;
    EXPECT_TRUE(answer.has(" GREETING=" + greeting + " ") && answer.has(" none ")) << "of a program it starts";
    EXPECT_FALSE(answer.has("LEFT_OVER")) << answer;
    own.env = "{}";
    ShimProcess bare(kCommand, own);
    EXPECT_TRUE(bare.call("").payload.starts_with("||")) << "no variable at all";
}

TEST_F(MonoShim, TellsWhatTheCodeThrew) {
    ShimProcess shim = start("Throws");
    const std::tuple<const char*, const char*, const char*> cases[] = {
        {"thrown", "oops", "System.Exception"},
        {"null", "Object reference not set to an instance of an object", "System.NullReferenceException"},
        {"odd", "a message that cannot be read", "Test.Functions+OddException"},
        {"aggregate", "One or more errors occurred. (of a task)", "System.AggregateException"},
    };
    for (const auto& [event, message, type] : cases) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_unhandled()) << answer;
        EXPECT_TRUE(answer.payload.starts_with(std::string(R"({"errorMessage":")") + message + R"(","errorType":")" +
                                               type + R"(","stackTrace":["at )"))
            << answer;
        EXPECT_FALSE(answer.has("Hotcell.Shim")) << "the shim's own frames: " << answer;
        EXPECT_NE(shim.err().find(type), std::string::npos);
    }
    EXPECT_EQ(shim.call("").payload, "fine") << "after all of them";
    EXPECT_TRUE(shim.call("streams").has("without streams")) << "a function that took its streams away";
    EXPECT_EQ(shim.call("").payload, "fine");
    ShimProcess later = start("ThrowsLater");
    EXPECT_TRUE(
        later.call("").payload.starts_with(R"({"errorMessage":"later","errorType":"System.ArgumentException")"));
    ShimProcess async_void = start("AsyncVoid");
    const Answer waited = async_void.call("");
    EXPECT_TRUE(waited.is_unhandled() && waited.has(R"("errorType":"System.TimeoutException")")) << waited;
    EXPECT_NE(async_void.out().find("waited for\n"), std::string::npos);
}

TEST_F(MonoShim, NamesWhatIsWrongWithTheCode) {
    const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
        {"Functions", "InvalidHandlerName", "Invalid handler 'Functions', which must be "},
        {"Functions::Test.Functions", "InvalidHandlerName", "Invalid handler 'Functions::Test.Functions'"},
        {"::Test.Functions::Echo", "InvalidHandlerName", "Invalid handler '::Test.Functions::Echo'"},
        {"Missing::Test.Functions::Echo", "ImportModuleError", "Assembly 'Missing' is not found in the code package"},
        {"Broken::Test.Functions::Echo", "UserCodeSyntaxError", "System.BadImageFormatException: "},
        {"Functions::Test.Missing::Echo", "HandlerNotFound", "Class 'Test.Missing' is missing in assembly "},
        {"Functions::Test.Functions::Missing", "HandlerNotFound",
         "Handler 'Missing' is missing on class 'Test.Functions'"},
        {"Functions::Test.Functions::TooMuch", "HandlerNotFound",
         "Handler 'TooMuch' on class 'Test.Functions' must take an input and an IFcContext"},
        {"Functions::Test.NoConstructor::Handler", "HandlerNotFound",
         "Class 'Test.NoConstructor' has no public constructor without parameters"},
        {"Functions::Test.BadStatic::Handler", "UserCodeError", "System.FormatException: "},
        {"Functions::Test.BadConstructor::Handler", "UserCodeError", "System.NotSupportedException: not made"},
    };
    for (const auto& [handler, type, message] : cases) {
        ShimCode own = code(handler);
        own.files["Broken.dll"] = "no assembly at all";
        ShimProcess shim(kCommand, own);
        const Answer answer = shim.call("x");
        EXPECT_TRUE(answer.is_unhandled()) << answer;
        EXPECT_TRUE(answer.payload.starts_with(R"({"errorMessage":")" + message)) << answer;
        EXPECT_TRUE(answer.has(R"("errorType":")" + type + '"')) << answer;
        EXPECT_TRUE(shim.call("x").is_unhandled()) << "the second time";
    }
    ShimProcess http = start("Echo");
    EXPECT_TRUE(http.call_http("{}", "").has("FcHttpEntrypoint"));
}

TEST_F(MonoShim, RunsInitializerAndHooksOnTheHandlersObject) {
    ShimProcess shim(kCommand, code(""), false);
    std::string load = load_payload(method("Calls"), method("Initialize"), "{}");
    for (const auto& [from, to] : {std::pair("index.pre_freeze", "PreFreeze"), {"index.pre_stop", "PreStop"}})
        load.replace(load.find(from), std::strlen(from), method(to));
    shim.send(frame(HC_FRAME_LOAD, load, static_cast<std::uint32_t>(load.size())));
    const Answer first = shim.initialize("rid-1");
    EXPECT_TRUE(first.is_result() && first.payload.empty()) << first;
    EXPECT_EQ(shim.call("", "rid-2").payload, "initialize rid-1");
    EXPECT_TRUE(shim.call("", "rid-3", HC_CALL_PRE_FREEZE).is_result());
    EXPECT_TRUE(shim.call("", "rid-4", HC_CALL_PRE_STOP).is_result());
    EXPECT_EQ(shim.out(), "initialize rid-1, preFreeze rid-3, preStop rid-4\n");
    ShimProcess bad = start("Echo", method("FailingInitialize"));
    const Answer failed = bad.initialize("rid-2");
    EXPECT_TRUE(failed.is_unhandled() && failed.has("not today")) << failed;
}

TEST_F(MonoShim, HasTheWholeLogInThePipesBeforeItAnswers) {
    ShimProcess shim = start("Logs");
    EXPECT_TRUE(shim.call("", "rid-5").is_result());
    const std::string head = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z rid-5 )";
    std::string expected = "pr\u00efnted\n";
    for (const char* line : {"\\[TRACE\\] t", "\\[DEBUG\\] d 1", "\\[INFO\\] \u4f60 x of 007",
                             "\\[WARN\\] w \\{\\{\\}\\}", "\\[ERROR\\] e \\(null\\)", "\\[CRITICAL\\] c"})
        expected += head + line + "\n";
    expected += "of a thread\n" + head + "\\[INFO\\] too\n";
    const std::string out = shim.out();
    EXPECT_TRUE(std::regex_match(out, std::regex(expected))) << out;
    EXPECT_EQ(shim.err(), "err\n");
}

TEST_F(MonoShim, AProcessThatExitsLeavesItsOutputButNoAnswer) {
    ShimProcess exits = start("Throws");
    EXPECT_EQ(exits.call("exit").type, 0);
    EXPECT_EQ(WEXITSTATUS(exits.wait(false)), 7);
    EXPECT_TRUE(exits.out().ends_with("last words"));
    ShimProcess leaves = start("Throws");
    EXPECT_EQ(leaves.call("thread").payload, "fine");
    EXPECT_EQ(leaves.wait(), 0) << "ends with the channel whatever still runs";
}

TEST_F(MonoShim, KeepsSharedInterfacesTogetherAndTakesThePackagesJson) {
    ShimCode own = code(method("Text"));
    for (const char* assembly : {"Aliyun.Serverless.Core.dll", "Microsoft.Extensions.Logging.Abstractions.dll"})
        own.files[assembly] = bytes_of(std::string(kShimsDir) + "/csharp/" + assembly);
    ShimProcess bundled(kCommand, own);
    EXPECT_EQ(bundled.call("same").payload, "same!");
    ShimCode with_json = code(method("PojoLater"));
    with_json.files["Newtonsoft.Json.dll"] = bytes_of(HOTCELL_NEWTONSOFT);
    ShimProcess with(kCommand, with_json);
    EXPECT_EQ(with.call(R"({"b": 2})").payload, R"({"bb":3})");
}

TEST_F(MonoShim, EndsOnWhatNoEngineSends) {
    const std::vector<std::string> cases = {
        frame(HC_FRAME_RUN, std::string(8, '\0'), 8),
        frame(HC_FRAME_LOAD, "{}", 2),
        frame(HC_FRAME_INVOKE, "1234", 4),
        invoke_frame(1, 5, context_of("r"), ""),
        invoke_frame(1, 0, "{} {}", ""),
        frame(HC_FRAME_INVOKE, std::string("\0\0\0\0\xff\xff\xff\xff", 8), 8),
        std::string(64, '\xff'),
    };
    for (const std::string& bytes : cases) {
        ShimProcess shim = start("Echo");
        shim.send(bytes);
        EXPECT_EQ(shim.receive().type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait()), 1) << bytes.size();
        EXPECT_NE(shim.err().find("hotcell shim: "), std::string::npos);
    }
    for (const std::string& bytes :
         {frame(HC_FRAME_LOAD, "[", 1), frame(HC_FRAME_LOAD, "null", 4), frame(HC_FRAME_LOAD, "{}", 2),
          frame(HC_FRAME_LOAD, "", 0xffffffff), frame(HC_FRAME_INVOKE, std::string(8, '\0'), 8)}) {
        ShimProcess shim(kCommand, {}, false);
        shim.send(bytes);
        EXPECT_EQ(shim.receive().type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait()), 1);
    }
    ShimProcess unused(kCommand, {}, false);
    EXPECT_EQ(unused.wait(), 0) << "not needed any more";
}

TEST_F(MonoShim, EndsByItselfWhateverComes) {
    const ShimCode own = code(method("Echo"));
    const std::string load = load_payload(own.handler, "", "{}");
    const std::string loaded = frame(HC_FRAME_LOAD, load, static_cast<std::uint32_t>(load.size()));
    const std::string called = loaded + invoke_frame(1, HC_CALL_HANDLER, context_of("r"), "event");
    mutate_and_try({loaded, called}, {std::string(4, '\0'), "\xff\xff", "\"", "null"}, 20,
                   [&](const std::uint8_t* data, std::size_t size) {
                       ShimProcess shim(kCommand, own, false);
                       shim.send({reinterpret_cast<const char*>(data), size});
                       shim.end_input();
                       while (shim.receive().type != 0) {}
                       const int status = shim.wait();
                       EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 1) << status << shim.err();
                   });
}

}  // namespace
}  // namespace hotcell::test
