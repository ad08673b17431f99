// The Python shim: what handlers get, what callers get, what is in the log.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <regex>

#include "tests/fuzz/mutate.h"
#include "tests/shims/shim_process.h"
#include "tests/support/build_paths.h"

namespace hotcell::test {
namespace {

const std::vector<std::string> kCommand = {"/usr/bin/python3.11", "-I", std::string(kShimsDir) + "/python/shim.py"};

ShimProcess python(const std::string& source, const std::string& handler = "index.handler",
                   const std::string& initializer = {}) {
    return ShimProcess(kCommand, {{{"index.py", source}}, handler, initializer});
}

TEST(PythonShim, GivesTheEventAsBytesAndTakesBytesBack) {
    ShimProcess shim =
        python("def handler(event, context):\n    assert type(event) is bytes\n    return event[::-1]\n");
    for (const std::string& event : {std::string("abc"), std::string(), std::string("\xff\0\n", 3)}) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_EQ(answer.payload, std::string(event.rbegin(), event.rend()));
    }
    EXPECT_EQ(shim.wait(), 0);
}

TEST(PythonShim, EncodesResultsAsTheLanguageDoes) {
    ShimProcess shim = python("def handler(event, context):\n    return eval(event)\n");
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"'h\\u00e9 \\u4f60'", "h\u00e9 \u4f60"},
        {"{'a': [1, None, 'x']}", R"({"a": [1, null, "x"]})"},
        {"None", "null"},
        {"1.5", "1.5"},
        {"True", "true"},
        {"bytearray(b'raw')", "raw"},
        {"b''", ""}};
    for (const auto& [event, result] : cases) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_EQ(answer.payload, result) << event;
    }
    const Answer no_json = shim.call("{1, 2}");
    EXPECT_TRUE(no_json.is_unhandled() && no_json.has(R"("errorType": "TypeError")")) << no_json;
    const Answer no_text = shim.call("'\\ud800'");
    EXPECT_TRUE(no_text.is_unhandled() && no_text.has(R"("errorType": "UnicodeEncodeError")")) << no_text;
}

TEST(PythonShim, TakesEventsAndGivesResultsThroughSharedMemory) {
    expect_echo_through_memory(kCommand, {.files = {{"index.py", "def handler(event, context):\n    return event\n"}}});
}

TEST(PythonShim, CarriesSixMebibytesBothWays) {
    ShimProcess shim = python("def handler(event, context):\n    return event\n");
    std::string event(6 << 20, 'x');
    for (std::size_t i = 0; i < event.size(); i += 997) event[i] = static_cast<char>(i);
    for (const std::size_t size : {event.size(), std::size_t{65535}, std::size_t{65536}, std::size_t{3}}) {
        const Answer answer = shim.call(event.substr(0, size));
        ASSERT_TRUE(answer.is_result());
        EXPECT_TRUE(answer.payload == event.substr(0, size)) << size;
    }
}

TEST(PythonShim, TakesFramesHoweverTheyComeApart) {
    ShimProcess shim = python("def handler(event, context):\n    return event + context.request_id.encode()\n");
    std::string bytes;
    for (const char* id : {"a", "b", "c"}) bytes += invoke_frame(static_cast<std::uint8_t>(*id), 0, context_of(id), id);
    for (const char byte : bytes) shim.send(std::string(1, byte));
    for (const char* id : {"a", "b", "c"}) EXPECT_EQ(shim.receive().payload, std::string(id) + id);
    shim.send(bytes);  // and all at once
    for (const char* id : {"a", "b", "c"}) EXPECT_EQ(shim.receive().payload, std::string(id) + id);
}

TEST(PythonShim, ShowsTheWholeContextInBothSpellings) {
    ShimProcess shim = python(
        "import json\n"
        "def handler(event, context):\n"
        "    c, f, s = context.credentials, context.function, context.service\n"
        "    assert context.request_id == context.requestId == json.loads(context.to_json())['requestId']\n"
        "    assert c.access_key_id == c.accessKeyId and c.security_token == c.securityToken\n"
        "    assert s.log_project == s.logProject and context.account_id == context.accountId\n"
        "    assert context.logger and context.tracing.span_baggages == {}\n"
        "    assert 'secret' not in repr(c) and not hasattr(context, 'nothing')\n"
        "    return [context.request_id, c.access_key_secret, f.name, f.handler, f.memory, f.timeout, s.name,\n"
        "            s.version_id, context.region, context.account_id, context.retry_count]\n");
    EXPECT_EQ(shim.call("", "rid-9").payload,
              R"(["rid-9", "secret", "f", "index.handler", 128, 3, "s", "7", "local", "42", 2])");
    EXPECT_EQ(shim.call("", "caf\\u00e9\\\"").payload.substr(0, 16), R"(["caf\u00e9\"", )") << "an id with escapes";
}

TEST(PythonShim, ReplacesTheEnvironmentAndTheTimeZone) {
    ShimProcess shim(kCommand,
                     {{{"index.py",
                        "import os, time\ndef handler(event, context):\n"
                        "    return [dict(os.environ), time.strftime('%H', time.localtime(0)), os.getcwd()]\n"}},
                      "index.handler",
                      "",
                      R"({"TZ": "Asia/Shanghai", "A": "b=c"})"});
    EXPECT_EQ(shim.call("").payload, R"([{"TZ": "Asia/Shanghai", "A": "b=c"}, "08", ")" + shim.directory() + R"("])");
}

TEST(PythonShim, FindsModulesBesideAndBelowTheHandlers) {
    ShimProcess shim(kCommand,
                     {{{"function.py", "from package import part\ndef handler(e, c):\n    return part.VALUE\n"},
                       {"package/__init__.py", ""},
                       {"package/part.py", "VALUE = 'found'\n"}},
                      "function.handler"});
    EXPECT_EQ(shim.call("").payload, "found") << "and no module of the shim stands in the way of its name";
    ShimProcess below(kCommand,
                      {{{"src/channel.py", "def handler(e, c):\n    return 'below'\n"}}, "src/channel.handler"});
    EXPECT_EQ(below.call("").payload, "below");
}

TEST(PythonShim, TellsErrorsWithTheirPlaceAndPrintsThem) {
    ShimProcess shim =
        python("def inner():\n    raise ValueError('no h\\u00e9')\ndef handler(event, context):\n    inner()\n");
    const Answer answer = shim.call("");
    EXPECT_TRUE(answer.is_unhandled());
    const std::string file = R"("File \")" + shim.directory() + R"(/index.py\"", )";
    EXPECT_EQ(answer.payload, R"({"errorMessage": "no h\u00e9", "errorType": "ValueError", "stackTrace": [)"
                              "[" +
                                  file +
                                  R"x("line 4", "in handler", "inner()"], )x"
                                  "[" +
                                  file + R"x("line 2", "in inner", "raise ValueError('no h\\u00e9')"]]})x");
    const std::string err = shim.err();
    EXPECT_TRUE(err.starts_with("Traceback") && err.ends_with("ValueError: no h\u00e9\n")) << err;
    EXPECT_EQ(err.find("hotcell_shim"), std::string::npos) << err;
    EXPECT_TRUE(shim.call("").is_unhandled()) << "it goes on after an error";
}

TEST(PythonShim, NamesWhatIsWrongWithTheCode) {
    const struct {
        const char* source;
        const char* handler;
        const char* type;
        const char* message;
    } cases[] = {
        {"", "index.handler", "HandlerNotFound", "Handler 'handler' is missing on module 'index'"},
        {"handler = 1\n", "index.handler", "HandlerNotFound", "Handler 'handler' is missing on module 'index'"},
        {"", "other.handler", "ImportModuleError", "Unable to import module 'other'"},
        {"import not_there\n", "index.handler", "ImportModuleError", "Unable to import module 'index'"},
        {"def handler(:\n", "index.handler", "UserCodeSyntaxError", "Syntax error in module 'index': invalid syntax"},
        {"1 / 0\n", "index.handler", "UserCodeError", "ZeroDivisionError: division by zero"},
        {"", "index", "InvalidHandleName", "Invalid handler 'index'"},
        {"", ".handler", "InvalidHandleName", "Invalid handler '.handler'"},
    };
    for (const auto& one : cases) {
        ShimProcess shim = python(one.source, one.handler);
        for (int twice = 0; twice < 2; ++twice) {
            const Answer answer = shim.call("");
            EXPECT_TRUE(answer.is_unhandled()) << answer;
            EXPECT_TRUE(answer.has(std::string(R"({"errorMessage": ")") + one.message)) << answer;
            EXPECT_TRUE(answer.has(std::string(R"("errorType": ")") + one.type + '"')) << answer;
        }
    }
}

TEST(PythonShim, RunsTheInitializerOnceAndTellsItsFailure) {
    ShimProcess shim = python(
        "calls = []\ndef setup(context):\n    calls.append(context.request_id)\n    return 'ignored'\n"
        "def handler(event, context):\n    return calls\n",
        "index.handler", "index.setup");
    const Answer first = shim.initialize("rid-1");
    EXPECT_TRUE(first.is_result() && first.payload.empty()) << first;
    EXPECT_EQ(shim.call("").payload, R"(["rid-1"])");
    EXPECT_EQ(shim.out(), "");
    ShimProcess bad = python("def setup(context):\n    raise KeyError('x')\n", "index.handler", "index.setup");
    const Answer failed = bad.initialize("rid-2");
    EXPECT_TRUE(failed.is_unhandled() && failed.has(R"("errorType": "KeyError")")) << failed;
}

TEST(PythonShim, HasTheWholeLogInThePipesBeforeItAnswers) {
    ShimProcess shim = python(
        "import logging, os, sys\n"
        "def handler(event, context):\n"
        "    print('no newline', end='')\n"
        "    logging.getLogger().info('said %d', 7)\n"
        "    context.logger.warning('h\\u00e9')\n"
        "    logging.debug('not shown')\n"
        "    sys.stdout.write('tail')\n"
        "    print('to stderr \\ud800', end='', file=sys.stderr)\n");
    EXPECT_EQ(shim.call("", "rid-5").payload, "null");
    const std::string stamp = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)";
    const std::string out = shim.out();
    EXPECT_TRUE(std::regex_match(out, std::regex("no newline" + stamp + " rid-5 \\[INFO\\] said 7\n" + stamp +
                                                 " rid-5 \\[WARNING\\] h\u00e9\n" + "tail")))
        << out;
    EXPECT_EQ(shim.err(), "to stderr \\ud800");
    (void)shim.call("", "rid-6");
    EXPECT_NE(shim.out().find(" rid-6 [INFO]"), std::string::npos) << "the id of this call";
}

TEST(PythonShim, AProcessThatExitsLeavesItsOutputButNoAnswer) {
    for (const auto& [statement, status] :
         std::vector<std::pair<std::string, int>>{{"sys.exit(7)", 7}, {"sys.exit()", 0}, {"sys.exit('why')", 1}}) {
        ShimProcess shim = python(
            "import sys, threading, time\ndef handler(event, context):\n"
            "    threading.Thread(target=time.sleep, args=(600,)).start()\n    print('last', end='')\n    " +
            statement + "\n");
        EXPECT_EQ(shim.call("").type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait(false)), status) << statement;
        EXPECT_TRUE(shim.out().ends_with("last"));
    }
    ShimProcess at_once = python("import os\ndef handler(event, context):\n    os._exit(9)\n");
    EXPECT_EQ(at_once.call("").type, 0);
    EXPECT_EQ(WEXITSTATUS(at_once.wait(false)), 9);
}

TEST(PythonShim, AnswersEvenWhatIsNoOrdinaryException) {
    ShimProcess shim = python(
        "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\n"
        "def deep():\n    deep()\n"
        "def handler(event, context):\n"
        "    if event == b'deep':\n        deep()\n"
        "    raise eval(event)\n");
    for (const char* event : {"KeyboardInterrupt()", "GeneratorExit()", "Odd()", "deep", "ValueError('x' * 10**7)",
                              "BaseExceptionGroup('g', [KeyboardInterrupt()])"}) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_unhandled()) << event << ": " << answer;
        EXPECT_LT(answer.payload.size(), 256u << 10) << event;
        EXPECT_LE(shim.err().size(), 32u << 10) << event;
    }
    EXPECT_TRUE(shim.call("KeyboardInterrupt()").has(R"("errorType": "KeyboardInterrupt")"));
}

TEST(PythonShim, HasNoSecondAnswerFromAProcessItForked) {
    ShimProcess shim = python(
        "import os\n"
        "def handler(event, context):\n"
        "    if event == b'fork' and os.fork() == 0:\n        return 'child'\n"
        "    if event == b'fork':\n        os.wait()\n"
        "    return 'parent'\n");
    EXPECT_EQ(shim.call("fork").payload, "parent");
    EXPECT_EQ(shim.call("again").payload, "parent") << "no frame of the child's came between";
}

TEST(PythonShim, KeepsTheChannelFromProgramsOfTheFunction) {
    ShimProcess shim = python(
        "import os\ndef handler(event, context):\n"
        "    os.waitpid(os.posix_spawn('/bin/ls', ['ls', '/proc/self/fd'], os.environ), 0)\n");
    EXPECT_TRUE(shim.call("").is_result());
    EXPECT_EQ(shim.out(), "0\n1\n2\n3\n") << "3 is the directory that ls reads";
    ShimProcess closes = python("import os\ndef handler(event, context):\n    os.close(5)\n");
    EXPECT_EQ(closes.call("").type, 0) << "who closes the channel has no answer";
    EXPECT_EQ(closes.wait(false), 0);
}

TEST(PythonShim, GoesOnWithoutStandardOutput) {
    ShimProcess shim =
        python("import os, sys\ndef handler(event, context):\n    sys.stdout.close()\n    return 'fine'\n");
    EXPECT_EQ(shim.call("").payload, "fine");
    EXPECT_TRUE(shim.call("").type != 0);
    ShimProcess replaced =
        python("import io, sys\nsys.stdout = io.StringIO()\ndef handler(e, c):\n    print('x')\n    return 'fine'\n");
    EXPECT_EQ(replaced.call("").payload, "fine");
    EXPECT_EQ(replaced.out(), "");
}

TEST(PythonShim, EndsOnWhatNoEngineSends) {
    const std::string context = context_of("r");
    const std::vector<std::string> cases = {
        frame(HC_FRAME_RUN, std::string(8, '\0'), 8),
        frame(HC_FRAME_LOAD, "{}", 2),
        frame(99, "", 0),
        frame(HC_FRAME_INVOKE, "1234", 4),
        invoke_frame(1, 5, context, ""),
        frame(HC_FRAME_INVOKE, std::string("\0\0\0\0\xff\xff\xff\xff", 8), 8),
        std::string(64, '\xff'),
        invoke_frame(1, 0, context, "cut short").substr(0, 60),
    };
    for (const std::string& bytes : cases) {
        ShimProcess shim = python("def handler(event, context):\n    return 'answered'\n");
        shim.send(bytes);
        shim.end_input();
        EXPECT_EQ(shim.receive().type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait()), 1) << bytes.size();
        EXPECT_NE(shim.err().find("hotcell shim: "), std::string::npos);
    }
}

TEST(PythonShim, EndsOnALoadThatIsNone) {
    for (const std::string& bytes :
         {frame(HC_FRAME_LOAD, "[", 1), frame(HC_FRAME_LOAD, "{}", 2), frame(HC_FRAME_LOAD, "", 0xffffffff),
          frame(HC_FRAME_INVOKE, std::string(8, '\0'), 8)}) {
        ShimProcess shim(kCommand, {}, false);
        shim.send(bytes);
        EXPECT_EQ(shim.receive().type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait()), 1);
    }
    ShimProcess unused(kCommand, {}, false);
    EXPECT_EQ(unused.wait(), 0) << "not needed any more";
}

TEST(PythonShim, EndsByItselfWhateverComes) {
    const std::string load = load_payload("index.handler", "", "{}");
    const std::string loaded = frame(HC_FRAME_LOAD, load, static_cast<std::uint32_t>(load.size()));
    const std::string called = loaded + invoke_frame(1, HC_CALL_HANDLER, context_of("r"), "event");
    mutate_and_try({loaded, called}, {std::string(4, '\0'), "\xff\xff", "\"", "null"}, 60,
                   [](const std::uint8_t* data, std::size_t size) {
                       ShimProcess shim(
                           kCommand, {{{"index.py", "def handler(event, context):\n    return context.to_json()\n"}}},
                           false);
                       shim.send({reinterpret_cast<const char*>(data), size});
                       shim.end_input();
                       while (shim.receive().type != 0) {}
                       const int status = shim.wait();
                       EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 1) << status << shim.err();
                   });
}

}  // namespace
}  // namespace hotcell::test
