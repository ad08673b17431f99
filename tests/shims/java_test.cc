// The Java shim: what handlers get, what callers get, what is in the log.
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

constexpr char kJava[] = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java";
const std::vector<std::string> kCommand = {
    kJava, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms12m", "-jar", std::string(kShimsDir) + "/java/shim.jar"};

std::string bytes_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
}

const std::string kNoPart = "not implemented in class '";  // words:ok FC's text

std::string function(const std::string& name) { return "test.Functions$" + name + "::handleRequest"; }

class JavaShim : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::access(kJava, X_OK) == 0 ? testing::Missing{}
                                                    : "needs java-17-openjdk-amd64 (package openjdk-17-jre-headless)");
    }

    static ShimCode code(const std::string& name, const std::string& initializer = {}) {
        ShimCode code;
        code.files = {{"functions.jar", bytes_of(HOTCELL_TEST_JAR)}, {"data.txt", "data"}};
        code.handler = function(name);
        code.initializer = initializer;
        return code;
    }
    static ShimProcess start(const std::string& name, const std::string& initializer = {}) {
        return ShimProcess(kCommand, code(name, initializer));
    }
};

TEST_F(JavaShim, TakesEventsAndGivesResultsThroughSharedMemory) { expect_echo_through_memory(kCommand, code("Echo")); }

TEST_F(JavaShim, GivesAndTakesEveryByte) {
    ShimProcess shim = start("Echo");
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    std::string large(6 << 20, 'x');
    for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
    for (const std::string& event : {all, std::string(), large, large.substr(0, 65536), large.substr(0, 65300), all}) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_TRUE(answer.payload == event) << event.size();
    }
    EXPECT_EQ(shim.wait(), 0);
}

TEST_F(JavaShim, TakesFramesHoweverTheyComeApart) {
    ShimProcess shim = start("Echo");
    for (const char* id : {"a", "b"}) {
        for (const char byte : invoke_frame(1, 0, context_of(id), id)) shim.send(std::string(1, byte));
        EXPECT_EQ(shim.receive().payload, id);
    }
    shim.send(invoke_frame(1, 0, context_of("r"), "first") + invoke_frame(2, 0, context_of("r"), "second"));
    EXPECT_EQ(shim.receive().payload, "first");
    EXPECT_EQ(shim.receive().payload, "second");
}

TEST_F(JavaShim, ShowsTheWholeContext) {
    ShimProcess shim = start("ShowContext");
    EXPECT_EQ(shim.call("", "rid-9").payload,
              "rid-9|id|secret|token|f|test.Functions$ShowContext::handleRequest|128|3000|s|p|l||7|2|{}");
    shim.send(invoke_frame(1, 0, R"({"requestId":"a\"b","qualifier":"prod"})", ""));
    const Answer answer = shim.receive();
    EXPECT_TRUE(answer.has("a\"b||||f|") && answer.has("|prod|7|0|")) << answer;
}

TEST_F(JavaShim, ReplacesEnvironmentTimeZoneAndDirectory) {
    ShimCode own = code("Surroundings");
    own.env = R"({"PATH": "/usr/bin:/bin", "TZ": "Asia/Shanghai", "GREETING": "h\u00e9 \ud83d\ude00"})";
    ShimProcess shim(kCommand, own);
    const Answer answer = shim.call("");
    const std::string greeting = "h\u00e9 \U0001F600";
    const std::string& at = shim.directory();
    EXPECT_TRUE(answer.payload.starts_with("{GREETING=" + greeting + ", PATH=/usr/bin:/bin, TZ=Asia/Shanghai}|" +
                                           greeting + "|Asia/Shanghai|" + at + "|" + at + "/data.txt|" + at +
                                           "/data.txt|data|" + at + " "))
        << answer;
    EXPECT_TRUE(answer.has(" GREETING=" + greeting + " ") && answer.has(" none ")) << "of a program it starts";
    EXPECT_FALSE(answer.has("LEFT_OVER")) << answer;
}

TEST_F(JavaShim, TurnsJsonIntoTheTypeOfAPojoHandlerAndBack) {
    ShimProcess shim = start("Pojo");
    EXPECT_EQ(shim.call(R"({"x": 21, "name": "p\u00e9", "values": [1, 2.5], "more": true})").payload,
              "{\"name\":\"p\u00e9\",\"twice\":42,\"values\":[1.0,2.5]}");
    for (const char* wrong : {"", "{", "[1]", R"({"x": "no number"})"}) {
        const Answer answer = shim.call(wrong);
        EXPECT_TRUE(answer.is_unhandled() && answer.has(R"("errorType":"com.fasterxml.jackson.)")) << wrong << answer;
    }
    ShimProcess texts = start("Texts");
    EXPECT_EQ(texts.call("\"text\"").payload, "\"text!\"");
    EXPECT_EQ(texts.call("\"null\"").payload, "null");
    ShimProcess unknown = start("Unknown");
    EXPECT_EQ(unknown.call("{}").payload, "\"LinkedHashMap\"");
    EXPECT_TRUE(unknown.call("\"object\"").is_unhandled()) << "a result that is no JSON";
}

TEST_F(JavaShim, TellsWhatTheCodeThrew) {
    ShimProcess shim = start("Throws");
    const struct {
        const char* event;
        const char* message;
        const char* type;
        const char* cause;
    } cases[] = {
        {"checked", "oops", "java.io.IOException", "oops"},
        {"caused", "outer", "java.lang.IllegalArgumentException", "inner"},
        {"null", "", "java.lang.NullPointerException", ""},
        {"error", "an error", "java.lang.AssertionError", "an error"},
        {"deep", "", "java.lang.StackOverflowError", ""},
        {"odd", "a message that cannot be read", "test.Functions$Odd", "a message that cannot be read"},
        {"loop", "two", "java.lang.RuntimeException", "three"},
    };
    for (const auto& one : cases) {
        const Answer answer = shim.call(one.event);
        EXPECT_TRUE(answer.is_unhandled()) << answer;
        EXPECT_TRUE(answer.payload.starts_with(std::string(R"({"errorMessage":")") + one.message +
                                               R"(","errorType":")" + one.type + R"(","errorCause":")" + one.cause +
                                               R"(","stackTrace":[)"))
            << answer;
        EXPECT_FALSE(answer.has("hotcell.shim")) << "the shim's own frames: " << answer;
        EXPECT_NE(shim.err().find(one.type), std::string::npos);
    }
    EXPECT_TRUE(shim.call("checked").has("test.Functions$Throws.handleRequest(Functions.java:")) << "the place";
    EXPECT_EQ(shim.call("interrupt").payload, "fine");
    EXPECT_EQ(shim.call("").payload, "fine") << "after all of them";
    EXPECT_TRUE(shim.call("streams").has("without streams")) << "a function that took its streams away";
    EXPECT_EQ(shim.call("").payload, "fine");
}

TEST_F(JavaShim, NamesWhatIsWrongWithTheCode) {
    const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
        {"test.Functions", "InvalidHandlerName", "Handler 'test.Functions' must contain one and only one '::'"},
        {"a::b::c", "InvalidHandlerName", "Handler 'a::b::c' must contain one and only one '::'"},
        {"::handleRequest", "InvalidHandlerName", "Handler '::handleRequest' must contain one and only one '::'"},
        {"test.Missing::handleRequest", "ImportModuleError", "Class 'test.Missing' is not found in the code package"},
        {"Broken::handleRequest", "UserCodeSyntaxError", "java.lang.ClassFormatError: "},
        {"test.Functions$Echo::other", "HandlerNotFound", "The Handler 'other' is " + kNoPart + "test.Functions$Echo'"},
        {function("Nothing"), "HandlerNotFound",
         "The Handler 'handleRequest' is " + kNoPart + "test.Functions$Nothing'"},
        {function("Http"), "HandlerNotFound", "The Handler 'handleRequest' is " + kNoPart + "test.Functions$Http'"},
        {function("NoConstructor"), "HandlerNotFound",
         "Class 'test.Functions$NoConstructor' has no public constructor without parameters"},
        {function("BadStatic"), "UserCodeError", "java.lang.NumberFormatException: "},
        {function("BadConstructor"), "UserCodeError", "java.lang.UnsupportedOperationException: not made"},
    };
    for (const auto& [handler, type, message] : cases) {
        ShimCode own = code("Echo");
        own.handler = handler;
        own.files["Broken.class"] = "no class at all";
        ShimProcess shim(kCommand, own);
        const Answer answer = shim.call("");
        EXPECT_TRUE(answer.is_unhandled()) << answer;
        EXPECT_TRUE(answer.payload.starts_with(R"({"errorMessage":")" + message)) << answer;
        EXPECT_TRUE(answer.has(R"("errorType":")" + type + '"')) << answer;
        EXPECT_TRUE(shim.call("").is_unhandled()) << "the second time";
    }
}

TEST_F(JavaShim, RunsInitializerAndHooksOnTheHandlersObject) {
    const std::string name = "test.Functions$Lifecycle::";
    ShimProcess shim(kCommand, code("Lifecycle"), false);
    std::string load = load_payload(function("Lifecycle"), name + "initialize", "{}");
    for (const auto& [from, to] : {std::pair("index.pre_freeze", "preFreeze"), {"index.pre_stop", "preStop"}})
        load.replace(load.find(from), std::strlen(from), name + to);
    shim.send(frame(HC_FRAME_LOAD, load, static_cast<std::uint32_t>(load.size())));
    const Answer first = shim.initialize("rid-1");
    EXPECT_TRUE(first.is_result() && first.payload.empty()) << first;
    EXPECT_EQ(shim.call("", "rid-2").payload, "[initialize rid-1]");
    EXPECT_TRUE(shim.call("", "rid-3", HC_CALL_PRE_FREEZE).is_result());
    EXPECT_TRUE(shim.call("", "rid-4", HC_CALL_PRE_STOP).is_result());
    EXPECT_EQ(shim.out(), "[initialize rid-1, preFreeze rid-3, preStop rid-4]\n");

    ShimProcess bad = start("Throws", "test.Functions$Throws::initialize");
    const Answer failed = bad.initialize("rid-2");
    EXPECT_TRUE(failed.is_unhandled() && failed.has("not today")) << failed;

    ShimProcess none = start("Echo", "test.Functions$Echo::initialize");
    EXPECT_TRUE(none.initialize().has("The Lifecycle Handler 'initialize' is " + kNoPart + "test.Functions$Echo'"));
}

TEST_F(JavaShim, HasTheWholeLogInThePipesBeforeItAnswers) {
    ShimProcess shim = start("Logs");
    EXPECT_TRUE(shim.call("", "rid-5").is_result());
    const std::string head = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z rid-5 )";
    std::string expected = "pr\u00efnted\n";
    for (const char* line : {"\\[TRACE\\] t", "\\[DEBUG\\] d", "\\[INFO\\] \u4f60", "\\[WARN\\] w", "\\[ERROR\\] e"})
        expected += head + line + "\n";
    expected += "of a thread\n" + head + "\\[INFO\\] too\n";
    const std::string out = shim.out();
    EXPECT_TRUE(std::regex_match(out, std::regex(expected))) << out;
    EXPECT_EQ(shim.err(), "err\n");
}

TEST_F(JavaShim, AProcessThatExitsLeavesItsOutputButNoAnswer) {
    ShimProcess exits = start("Throws");
    EXPECT_EQ(exits.call("exit").type, 0);
    EXPECT_EQ(WEXITSTATUS(exits.wait(false)), 7);
    EXPECT_TRUE(exits.out().ends_with("last words"));
    ShimProcess halts = start("Throws");
    EXPECT_EQ(halts.call("halt").type, 0);
    EXPECT_EQ(WEXITSTATUS(halts.wait(false)), 8);
    ShimProcess leaves = start("LeavesThreads");
    EXPECT_EQ(leaves.call("").payload, "ok");
    EXPECT_EQ(leaves.wait(), 0) << "ends with the channel whatever still runs";
}

TEST_F(JavaShim, KeepsItsOwnClassesFromTheFunctionAndTheSharedOnesTogether) {
    ShimProcess shim = start("Isolation");
    EXPECT_EQ(shim.call("").payload, "false|false|true|false|true|true");
    // a package that brings the interfaces itself, as one with all its dependencies does
    ShimCode own = code("Echo");
    own.files["lib/fc-java-core.jar"] = bytes_of(std::string(kShimsDir) + "/java/fc-java-core.jar");
    own.files["lib/servlet-api.jar"] = bytes_of(std::string(kShimsDir) + "/java/servlet-api.jar");
    ShimProcess bundled(kCommand, own);
    EXPECT_EQ(bundled.call("same").payload, "same");
    // and one that brings a JSON library, which then is the one that is used
    ShimCode with_json = code("Pojo");
    for (const char* jar : {"jackson-core", "jackson-databind", "jackson-annotations"})
        with_json.files[std::string("lib/") + jar + ".jar"] =
            bytes_of(std::string(kShimsDir) + "/java/" + jar + ".jar");
    ShimProcess with(kCommand, with_json);
    EXPECT_TRUE(with.call(R"({"x": 4})").has(R"("twice":8)"));
    EXPECT_TRUE(with.call("").is_unhandled());
}

TEST_F(JavaShim, FindsClassesInEveryPlaceOfAPackage) {
    const std::string jar = bytes_of(HOTCELL_TEST_JAR);
    for (const char* place : {"functions.jar", "lib/functions.jar", "WEB-INF/lib/functions.jar", "other/f.jar"}) {
        ShimCode own = code("Echo");
        own.files = {{place, jar}};
        if (std::strcmp(place, "other/f.jar") == 0) own.env = R"({"CLASSPATH": "other/*"})";
        ShimProcess shim(kCommand, own);
        EXPECT_EQ(shim.call("found").payload, "found") << place;
    }
}

Answer http(ShimProcess& shim, const std::string& path, const std::string& body,
            const std::string& type = "text/plain") {
    const std::string context =
        R"({"method":"POST","path":")" + path + R"(","requestURI":"/2016-08-15/proxy/s/f)" + path +
        R"(?a=1&b=2&b=3","host":"localhost:8080","clientIP":"10.0.0.9","queries":{"a":["1"],"b":["2","3"]},)" +
        R"("headers":{"content-type":[")" + type +
        R"("],"x-some":["v1","v2"],"x-number":["12"],"cookie":["k=v; session=s1"]}})";
    Answer answer = shim.call_http(context, body, "rid-h");
    EXPECT_TRUE(answer.is_http()) << answer;
    return answer;
}

TEST_F(JavaShim, ServesHttpCallsAsAServlet) {
    ShimProcess shim = start("Http");
    const Answer described = http(shim, "/some/path", "a line\n");
    EXPECT_EQ(described.head(),
              R"({"status":200,"headers":{"Set-Cookie":["session=abc; Path=/; HttpOnly"],"X-Many":["one","two"]}})");
    EXPECT_EQ(described.body(),
              "POST|/2016-08-15/proxy/s/f/some/path|a=1&b=2&b=3|/2016-08-15/proxy/s/f|/some/path|/some/path|"
              "/2016-08-15/proxy/s/f/some/path?a=1&b=2&b=3|10.0.0.9|rid-h|10.0.0.9|localhost|8080|v1|[v1, v2]|12|s1|1|"
              "2,3|a line|null");
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    const Answer bytes = http(shim, "/bytes", all);
    EXPECT_EQ(bytes.head(), R"({"status":201,"headers":{"Content-Type":["application/octet-stream"]}})");
    EXPECT_EQ(bytes.body(), all);
    EXPECT_EQ(http(shim, "/form", "c=%E4%BD%A0&b=4", "application/x-www-form-urlencoded").body(),
              "a=1\nb=2,3,4\nc=\u4f60\n");
    const Answer error = http(shim, "/error", "");
    EXPECT_EQ(error.head(), R"({"status":404,"headers":{"Content-Type":["text/plain;charset=UTF-8"]}})");
    EXPECT_EQ(error.body(), "nothing here");
    EXPECT_EQ(http(shim, "/redirect", "").head(), R"({"status":302,"headers":{"Location":["https://example.com/"]}})");
    const Answer thrown = shim.call_http(R"({"path":"/throws"})", "");
    EXPECT_TRUE(thrown.is_unhandled() && thrown.has("javax.servlet.ServletException")) << thrown;
    ShimProcess stream = start("Echo");
    EXPECT_TRUE(stream.call_http("{}", "").has("HandlerNotFound")) << "a handler of another kind";
}

TEST_F(JavaShim, EndsOnWhatNoEngineSends) {
    const std::vector<std::string> cases = {
        frame(HC_FRAME_RUN, std::string(8, '\0'), 8),
        frame(HC_FRAME_LOAD, "{}", 2),
        frame(HC_FRAME_INVOKE, "1234", 4),
        invoke_frame(1, 5, context_of("r"), ""),
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

TEST_F(JavaShim, EndsByItselfWhateverComes) {
    const ShimCode own = code("Echo");
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
