// The Node.js shim: what handlers get, what callers get, what is in the log.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <regex>

#include "tests/fuzz/mutate.h"
#include "tests/shims/shim_process.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"

namespace hotcell::test {
namespace {

const std::vector<std::string> kCommand = {"/usr/bin/node", std::string(kShimsDir) + "/nodejs/shim.js"};

testing::Missing node() {
    if (::access("/usr/bin/node", X_OK) == 0) return std::nullopt;
    return "needs /usr/bin/node (package nodejs)";
}

class NodejsShim : public ::testing::Test {
protected:
    void SetUp() override { HOTCELL_REQUIRES(node()); }

    static ShimProcess start(const std::string& source, const std::string& handler = "index.handler",
                             const std::string& initializer = {}) {
        return ShimProcess(kCommand, {{{"index.js", source}}, handler, initializer});
    }
};

TEST_F(NodejsShim, TakesEventsAndGivesResultsThroughSharedMemory) {
    expect_echo_through_memory(kCommand, {.files = {{"index.js", "exports.handler = async (event) => event;\n"}}});
}

TEST_F(NodejsShim, GivesTheEventAsABufferAndTakesABufferBack) {
    ShimProcess shim = start(
        "exports.handler = (event, context, callback) => {\n"
        "  if (!Buffer.isBuffer(event)) throw new Error('no Buffer');\n"
        "  callback(null, Buffer.from(event).reverse());\n};\n");
    for (const std::string& event : {std::string("abc"), std::string(), std::string("\xff\0\n", 3)}) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_EQ(answer.payload, std::string(event.rbegin(), event.rend()));
    }
    EXPECT_EQ(shim.wait(), 0);
}

TEST_F(NodejsShim, EncodesResultsAsTheLanguageDoes) {
    ShimProcess shim = start("exports.handler = async (event) => eval(`(${event})`);\n");
    const std::vector<std::pair<std::string, std::string>> cases = {{"'h\u00e9 \u4f60'", "h\u00e9 \u4f60"},
                                                                    {"{a: [1, null, 'x']}", R"({"a":[1,null,"x"]})"},
                                                                    {"null", ""},
                                                                    {"undefined", ""},
                                                                    {"1.5", "1.5"},
                                                                    {"false", "false"},
                                                                    {"new Uint8Array([114, 97, 119])", "raw"},
                                                                    {"10n", "10"},
                                                                    {"'x'.repeat(30000)", std::string(30000, 'x')}};
    for (const auto& [event, result] : cases) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_EQ(answer.payload, result) << event;
    }
    const Answer circular = shim.call("(() => { const a = {}; a.a = a; return a; })()");
    EXPECT_TRUE(circular.is_unhandled() && circular.has(R"("errorType":"TypeError")")) << circular;
}

TEST_F(NodejsShim, CarriesSixMebibytesBothWays) {
    ShimProcess shim = start("exports.handler = (event, context, callback) => callback(null, event);\n");
    std::string event(6 << 20, 'x');
    for (std::size_t i = 0; i < event.size(); i += 997) event[i] = static_cast<char>(i);
    for (const std::size_t size : {event.size(), std::size_t{65535}, std::size_t{65536}, std::size_t{3}}) {
        const Answer answer = shim.call(event.substr(0, size));
        ASSERT_TRUE(answer.is_result());
        EXPECT_TRUE(answer.payload == event.substr(0, size)) << size;
    }
    ShimProcess text = start("exports.handler = async () => '\u00e9'.repeat(1 << 20);\n");
    EXPECT_EQ(text.call("").payload.size(), 2u << 20);
}

TEST_F(NodejsShim, TakesFramesHoweverTheyComeApart) {
    ShimProcess shim = start("exports.handler = async (event, context) => event + context.requestId;\n");
    for (const char* id : {"a", "b", "c"}) {
        for (const char byte : invoke_frame(1, 0, context_of(id), id)) shim.send(std::string(1, byte));
        EXPECT_EQ(shim.receive().payload, std::string(id) + id);
    }
}

TEST_F(NodejsShim, KeepsAnEventThatTheFunctionHoldsOnTo) {
    ShimProcess shim =
        start("const kept = [];\nexports.handler = async (event) => { kept.push(event); return kept.join(); };\n");
    EXPECT_EQ(shim.call("one").payload, "one");
    EXPECT_EQ(shim.call("two").payload, "one,two");
}

TEST_F(NodejsShim, ShowsTheWholeContext) {
    ShimProcess shim = start(
        "exports.handler = async (event, c) => [c.requestId, c.credentials.accessKeySecret, c.function.name,\n"
        "  c.function.handler, c.function.memory, c.function.timeout, c.service.name, c.service.logProject,\n"
        "  c.service.versionId, c.region, c.accountId, c.retryCount, typeof c.logger.info,\n"
        "  c.tracing.openTracingSpanBaggages, c.waitsForEmptyEventLoopBeforeCallback,\n"
        "  JSON.parse(JSON.stringify(c)).credentials.accessKeyId];\n");
    EXPECT_EQ(shim.call("", "rid-9").payload,
              R"(["rid-9","secret","f","index.handler",128,3,"s","p","7","local","42",2,"function",{},false,"id"])");
    EXPECT_TRUE(shim.call("", "a\\\"b").has(R"(["a\"b",)")) << "an id with escapes";
}

TEST_F(NodejsShim, ReplacesTheEnvironmentAndTheTimeZone) {
    ShimProcess shim(
        kCommand,
        {{{"index.js", "exports.handler = async () => [process.env, new Date(0).getHours(), process.cwd()];\n"}},
         "index.handler",
         "",
         R"({"TZ": "Asia/Shanghai", "A": "b=c"})"});
    EXPECT_EQ(shim.call("").payload, R"([{"TZ":"Asia/Shanghai","A":"b=c"},8,")" + shim.directory() + R"("])");
}

TEST_F(NodejsShim, LoadsEveryKindOfModule) {
    const std::string exported = "export const handler = async () => 'module';\n";
    const std::vector<std::pair<ShimCode, std::string>> cases = {
        {{{{"index.mjs", exported}}}, "module"},
        {{{{"index.js", exported}, {"package.json", R"({"type": "module"})"}}}, "module"},
        {{{{"index.mjs", "await null;\nexport default { handler: async () => 'default' };\n"}}}, "default"},
        {{{{"index.cjs", "exports.handler = async () => 'common';\n"}}}, "common"},
        {{{{"index.js", "exports.handler = async () => require('dep');\n"},
           {"node_modules/dep/index.js", "module.exports = 'dependency';\n"}}},
         "dependency"},
        {{{{"src/function.js", "exports.handler = async () => require('./channel');\n"},
           {"src/channel.js", "module.exports = 'below';\n"}},
          "src/function.handler"},
         "below"},
        {{{{"index.js", "exports.value = 5;\nexports.handler = async function () { return this.value; };\n"}}}, "5"},
    };
    for (const auto& [code, result] : cases) {
        ShimProcess shim(kCommand, code);
        const Answer answer = shim.call("");
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_EQ(answer.payload, result);
        EXPECT_EQ(shim.err(), "") << "no warning either";
    }
}

TEST_F(NodejsShim, TellsHandledErrorsFromOthers) {
    ShimProcess shim = start(
        "const ways = {\n"
        "  callback: (cb) => cb(new RangeError('mine')), text: (cb) => cb('just text'), object: (cb) => cb({code: "
        "7}),\n"
        "  thrown: () => { throw new TypeError('thrown'); }, rejected: async () => { throw new URIError('rejected'); "
        "},\n"
        "  odd: () => { throw 'odd'; }, twice: (cb) => { cb(null, 'first'); cb(new Error('second')); } };\n"
        "exports.handler = (event, context, callback) => ways[event](callback);\n");
    const Answer callback = shim.call("callback");
    EXPECT_TRUE(callback.is_handled()) << callback;
    EXPECT_TRUE(callback.payload.starts_with(
        R"({"errorMessage":"mine","errorType":"RangeError","stackTrace":["RangeError: mine","at )"))
        << callback;
    EXPECT_EQ(callback.payload.find("/hotcell/"), std::string::npos) << "the shim's own frames";
    const Answer text = shim.call("text");
    EXPECT_TRUE(text.is_handled());
    EXPECT_EQ(text.payload, R"({"errorMessage":"just text","errorType":"FunctionHandledError","stackTrace":[]})");
    EXPECT_TRUE(shim.call("object").has(R"("errorMessage":"{\"code\":7}")"));
    EXPECT_EQ(shim.err(), "");
    const Answer thrown = shim.call("thrown");
    EXPECT_TRUE(thrown.is_unhandled() && thrown.has(R"("errorType":"TypeError")")) << thrown;
    EXPECT_TRUE(shim.err().starts_with("TypeError: thrown\n    at "));
    const Answer rejected = shim.call("rejected");
    EXPECT_TRUE(rejected.is_unhandled() && rejected.has(R"("errorType":"URIError")")) << rejected;
    const Answer odd = shim.call("odd");
    EXPECT_TRUE(odd.is_unhandled() && odd.has(R"("errorMessage":"odd")")) << odd;
    EXPECT_EQ(shim.call("twice").payload, "first");
    EXPECT_EQ(shim.call("twice").payload, "first") << "and nothing of the second is left";
}

TEST_F(NodejsShim, NamesWhatIsWrongWithTheCode) {
    const struct {
        const char* source;
        const char* handler;
        const char* type;
        const char* message;
    } cases[] = {
        {"", "index.handler", "HandlerNotFound", "Handler 'handler' is missing on module 'index'"},
        {"exports.handler = 1;", "index.handler", "HandlerNotFound", "Handler 'handler' is missing on module 'index'"},
        {"", "other.handler", "ImportModuleError", "Cannot find module '"},
        {"require('not-there');", "index.handler", "ImportModuleError", "Cannot find module 'not-there'"},
        {"exports.handler = (", "index.handler", "UserCodeSyntaxError", "SyntaxError: "},
        {"throw new Error('early');", "index.handler", "UserCodeError", "Error: early"},
        {"throw null;", "index.handler", "UserCodeError", "null"},
        {"", "index", "InvalidHandlerName", "Invalid handler 'index'"},
        {"", ".handler", "InvalidHandlerName", "Invalid handler '.handler'"},
    };
    for (const auto& one : cases) {
        ShimProcess shim = start(one.source, one.handler);
        for (int twice = 0; twice < 2; ++twice) {
            const Answer answer = shim.call("");
            EXPECT_TRUE(answer.is_unhandled()) << answer;
            EXPECT_TRUE(answer.has(std::string(R"({"errorMessage":")") + one.message)) << answer;
            EXPECT_TRUE(answer.has(std::string(R"("errorType":")") + one.type + '"')) << answer;
        }
    }
}

TEST_F(NodejsShim, RunsTheInitializerOnceAndTellsItsFailure) {
    for (const char* setup : {"(context, callback) => { calls.push(context.requestId); callback(); }",
                              "async (context) => { calls.push(context.requestId); return 'ignored'; }"}) {
        ShimProcess shim = start(
            std::string("const calls = [];\nexports.setup = ") + setup + ";\nexports.handler = async () => calls;\n",
            "index.handler", "index.setup");
        const Answer first = shim.initialize("rid-1");
        EXPECT_TRUE(first.is_result() && first.payload.empty()) << first;
        EXPECT_EQ(shim.call("").payload, R"(["rid-1"])");
        EXPECT_EQ(shim.out(),
                  "load code for handler:index.setup\n"
                  "load code for handler:index.handler\n");
    }
    ShimProcess bad =
        start("exports.setup = (context, callback) => callback(new Error('no'));", "index.handler", "index.setup");
    EXPECT_TRUE(bad.initialize("rid-2").is_handled());
}

TEST_F(NodejsShim, HasTheWholeLogInThePipesBeforeItAnswers) {
    ShimProcess shim = start(
        "exports.handler = async (event, context) => {\n"
        "  console.log('two\\nlines', {a: 1}); console.info('%d', 7); console.warn('h\\u00e9'); console.error('e');\n"
        "  console.debug('d'); context.logger.log('logged'); process.stdout.write('raw'); "
        "process.stderr.write('err');\n"
        "};\n");
    EXPECT_EQ(shim.call("", "rid-5").payload, "");
    const std::string head = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z rid-5 )";
    const std::string out = shim.out();
    std::string expected = "load code .*\n";
    for (const char* line : {"\\[verbose\\] two\rlines \\{ a: 1 \\}", "\\[info\\] 7", "\\[warn\\] h\u00e9",
                             "\\[error\\] e", "\\[debug\\] d", "\\[verbose\\] logged"})
        expected += head + line + "\n";
    expected += "raw";
    EXPECT_TRUE(std::regex_match(out, std::regex(expected))) << out;
    EXPECT_EQ(shim.err(), "err");
    (void)shim.call("", "rid-6");
    EXPECT_NE(shim.out().find(" rid-6 [info]"), std::string::npos) << "the id of this call";
}

TEST_F(NodejsShim, AnErrorOutsideTheHandlerIsTheCallsAndTheProcesssLast) {
    for (const char* body : {"setTimeout(() => { throw new RangeError('late'); }, 1)",
                             "{ new Promise((_, reject) => setImmediate(reject, new RangeError('late'))); }"}) {
        ShimProcess shim = start(std::string("exports.handler = (event, context, callback) => ") + body + ";\n");
        const Answer answer = shim.call("");
        EXPECT_TRUE(answer.is_unhandled() && answer.has(R"({"errorMessage":"late","errorType":"RangeError")"))
            << answer;
        EXPECT_EQ(answer.flags, HC_LAST);
        EXPECT_EQ(shim.receive().type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait(false)), 1);
        EXPECT_NE(shim.err().find("RangeError: late"), std::string::npos);
    }
    ShimProcess takes_care = start(
        "process.on('uncaughtException', () => {});\n"
        "exports.handler = (event, context, callback) => { setTimeout(callback, 5, null, 'fine'); setImmediate(() => { "
        "throw 1; }); };\n");
    EXPECT_EQ(takes_care.call("").payload, "fine") << "a function that handles them itself";
}

TEST_F(NodejsShim, AProcessThatExitsLeavesItsOutputButNoAnswer) {
    ShimProcess shim =
        start("exports.handler = () => { console.log('last'); process.stdout.write('word'); process.exit(7); };\n");
    EXPECT_EQ(shim.call("").type, 0);
    EXPECT_EQ(WEXITSTATUS(shim.wait(false)), 7);
    EXPECT_TRUE(shim.out().ends_with("last\nword"));
}

TEST_F(NodejsShim, DoesNotWaitForWhatTheFunctionLeftRunning) {
    ShimProcess shim = start(
        "exports.handler = (event, context, callback) => { setInterval(() => {}, 1); setTimeout(() => {}, 600000); "
        "callback(null, 'ok'); };\n");
    EXPECT_EQ(shim.call("").payload, "ok");
    EXPECT_EQ(shim.call("").payload, "ok");
    EXPECT_EQ(shim.wait(), 0) << "and ends with the channel all the same";
}

TEST_F(NodejsShim, KeepsTheChannelFromProgramsOfTheFunction) {
    ShimProcess shim = start(
        "exports.handler = async () => require('child_process').execSync('readlink /proc/self/fd/3 /proc/self/fd/5 || "
        "echo "
        "none').toString();\n");
    EXPECT_EQ(shim.call("").payload, "none\n");
}

TEST_F(NodejsShim, EndsOnWhatNoEngineSends) {
    const std::string context = context_of("r");
    const std::vector<std::string> cases = {
        frame(HC_FRAME_RUN, std::string(8, '\0'), 8),
        frame(HC_FRAME_LOAD, "{}", 2),
        frame(99, "", 0),
        frame(HC_FRAME_INVOKE, "1234", 4),
        invoke_frame(1, 5, context, ""),
        frame(HC_FRAME_INVOKE, std::string("\0\0\0\0\xff\xff\xff\xff", 8), 8),
        std::string(64, '\xff'),
    };
    for (const std::string& bytes : cases) {
        ShimProcess shim = start("exports.handler = async () => 'answered';\n");
        shim.send(bytes);
        EXPECT_EQ(shim.receive().type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait()), 1) << bytes.size();
        EXPECT_NE(shim.err().find("hotcell shim: "), std::string::npos);
    }
    ShimProcess eager = start("exports.handler = (event, context, callback) => setTimeout(callback, 600000);\n");
    eager.send(invoke_frame(1, 0, context, "") + invoke_frame(2, 0, context, ""));
    EXPECT_EQ(eager.receive().type, 0) << "two calls at once";
    EXPECT_EQ(WEXITSTATUS(eager.wait()), 1);
}

TEST_F(NodejsShim, EndsOnALoadThatIsNone) {
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

TEST_F(NodejsShim, EndsByItselfWhateverComes) {
    const std::string load = load_payload("index.handler", "", "{}");
    const std::string loaded = frame(HC_FRAME_LOAD, load, static_cast<std::uint32_t>(load.size()));
    const std::string called = loaded + invoke_frame(1, HC_CALL_HANDLER, context_of("r"), "event");
    mutate_and_try({loaded, called}, {std::string(4, '\0'), "\xff\xff", "\"", "null"}, 60,
                   [](const std::uint8_t* data, std::size_t size) {
                       ShimProcess shim(
                           kCommand, {{{"index.js", "exports.handler = async (event, context) => context;\n"}}}, false);
                       shim.send({reinterpret_cast<const char*>(data), size});
                       shim.end_input();
                       while (shim.receive().type != 0) {}
                       const int status = shim.wait();
                       EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 1) << status << shim.err();
                   });
}

}  // namespace
}  // namespace hotcell::test
