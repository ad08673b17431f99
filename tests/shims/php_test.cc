// The PHP shim: what handlers get, what callers get, what is in the log.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <regex>

#include "tests/fuzz/mutate.h"
#include "tests/shims/shim_process.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"

namespace hotcell::test {
namespace {

const std::string kPhp = std::string(kShimsDir) + "/php";
const std::vector<std::string> kCommand = {"/usr/bin/php8.2", "-c", kPhp, kPhp + "/shim.php"};

class PhpShim : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::access("/usr/bin/php8.2", X_OK) == 0 ? testing::Missing()
                                                                : "needs /usr/bin/php8.2 (package php8.2-cli)");
    }
    static ShimProcess start(const std::string& source, const std::string& handler = "index.handler",
                             const std::string& initializer = {}) {
        return ShimProcess(kCommand, {{{"index.php", "<?php\n" + source}}, handler, initializer});
    }
};

TEST_F(PhpShim, TakesEventsAndGivesResultsThroughSharedMemory) {
    expect_echo_through_memory(
        kCommand, {.files = {{"index.php", "<?php\nfunction handler($event, $context) { return $event; }\n"}}});
}

TEST_F(PhpShim, GivesTheEventAsAStringAndTakesOneBack) {
    ShimProcess shim = start("function handler($event, $context) { return strrev($event); }\n");
    for (const std::string& event : {std::string("abc"), std::string(), std::string("\xff\0\n", 3)}) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_EQ(answer.payload, std::string(event.rbegin(), event.rend()));
    }
    EXPECT_EQ(shim.wait(), 0);
}

TEST_F(PhpShim, EncodesResultsAsTheLanguageDoes) {
    ShimProcess shim = start("function handler($event, $context) { return eval('return ' . $event . ';'); }\n");
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"'h\u00e9 \u4f60'", "h\u00e9 \u4f60"},
        {"['a' => [1, null, 'x']]", R"({"a":[1,null,"x"]})"},
        {"null", "null"},
        {"1.5", "1.5"},
        {"true", "true"},
        {"\"\\xff\"", "\xff"},
        {"''", ""}};
    for (const auto& [event, result] : cases) {
        const Answer answer = shim.call(event);
        EXPECT_TRUE(answer.is_result()) << answer;
        EXPECT_EQ(answer.payload, result) << event;
    }
    const Answer no_json = shim.call("[\"\\xff\"]");
    EXPECT_TRUE(no_json.is_unhandled() && no_json.has(R"("errorType":"JsonException")")) << no_json;
}

TEST_F(PhpShim, CarriesSixMebibytesBothWays) {
    ShimProcess shim = start("function handler($event, $context) { return $event; }\n");
    std::string event(6 << 20, 'x');
    for (std::size_t i = 0; i < event.size(); i += 997) event[i] = static_cast<char>(i);
    for (const std::size_t size : {event.size(), std::size_t{65535}, std::size_t{65536}, std::size_t{3}}) {
        const Answer answer = shim.call(event.substr(0, size));
        ASSERT_TRUE(answer.is_result());
        EXPECT_TRUE(answer.payload == event.substr(0, size)) << size;
    }
}

TEST_F(PhpShim, TakesFramesHoweverTheyComeApart) {
    ShimProcess shim = start("function handler($event, $context) { return $event . $context['requestId']; }\n");
    std::string bytes;
    for (const char* id : {"a", "b", "c"}) bytes += invoke_frame(static_cast<std::uint8_t>(*id), 0, context_of(id), id);
    for (const char byte : bytes) shim.send(std::string(1, byte));
    for (const char* id : {"a", "b", "c"}) EXPECT_EQ(shim.receive().payload, std::string(id) + id);
    shim.send(bytes);  // and all at once
    for (const char* id : {"a", "b", "c"}) EXPECT_EQ(shim.receive().payload, std::string(id) + id);
}

TEST_F(PhpShim, ShowsTheWholeContext) {
    ShimProcess shim = start("function handler($event, $context) { return $context; }\n");
    EXPECT_EQ(
        shim.call("", "rid-9").payload,
        R"({"requestId":"rid-9","credentials":{"accessKeyId":"id","accessKeySecret":"secret","securityToken":"token"},)"
        R"("retryCount":2,"function":{"name":"f","handler":"index.handler","memory":128,"timeout":3,"initializer":"",)"
        R"("initializationTimeout":4},"service":{"name":"s","logProject":"p","logStore":"l","versionId":"7",)"
        R"("qualifier":"LATEST"},"region":"local","accountId":"42","tracing":{"openTracingSpanContext":null,)"
        R"("openTracingSpanBaggages":[],"jaegerEndpoint":null}})");
}

TEST_F(PhpShim, ReplacesTheEnvironmentAndTheTimeZone) {
    ShimProcess shim(
        kCommand,
        {{{"index.php",
           "<?php function handler($e, $c) { return [getenv(), $_ENV, $_SERVER['A'], isset($_SERVER['LEFT_OVER']), "
           "date('H', 0), getcwd(), ini_get('memory_limit')]; }\n"}},
         "index.handler",
         "",
         R"({"TZ": "Asia/Shanghai", "A": "b=c"})"});
    std::string directory = shim.directory();
    directory = std::regex_replace(directory, std::regex("/"), "\\/");
    EXPECT_EQ(shim.call("").payload,
              R"([{"TZ":"Asia\/Shanghai","A":"b=c"},{"TZ":"Asia\/Shanghai","A":"b=c"},"b=c",false,"08",")" + directory +
                  R"(","128M"])");
}

TEST_F(PhpShim, RunsCodeInTheGlobalScopeOnceAndKeepsWhatItSet) {
    ShimProcess shim(kCommand, {{{"index.php",
                                  "<?php\nrequire 'lib/part.php';\n$count = 10;\necho \"loaded\\n\";\n"
                                  "function initialize($context) { global $count; $count = 20; }\n"
                                  "function handler($event, $context) { global $count; return PART . ++$count; }\n"},
                                 {"lib/part.php", "<?php const PART = 'part ';\n"}},
                                "index.handler",
                                "index.initialize"});
    EXPECT_TRUE(shim.initialize().is_result());
    EXPECT_EQ(shim.call("").payload, "part 21");
    EXPECT_EQ(shim.call("").payload, "part 22");
    EXPECT_EQ(shim.out(), "loaded\n");
    ShimProcess below(kCommand,
                      {{{"src/main.php", "<?php function handler($e, $c) { return 'below'; }\n"}}, "src/main.handler"});
    EXPECT_EQ(below.call("").payload, "below");
}

TEST_F(PhpShim, TellsErrorsWithTheirPlaceAndPrintsThem) {
    ShimProcess shim = start(
        "function inner() { throw new InvalidArgumentException('no h\u00e9'); }\n"
        "function handler($event, $context) { inner(); }\n");
    const Answer answer = shim.call("");
    EXPECT_TRUE(answer.is_unhandled());
    const std::string file = shim.directory() + "/index.php";
    EXPECT_EQ(answer.payload,
              R"({"errorMessage":"no h\u00e9","errorType":"InvalidArgumentException","stackTrace":{"file":")" + file +
                  R"(","line":2,"traceString":"#0 )" + file + R"((3): inner()\n#1 {main}"}})");
    EXPECT_EQ(shim.err(), "PHP Fatal error:  Uncaught InvalidArgumentException: no h\u00e9 in " + file +
                              ":2\nStack trace:\n#0 " + file + "(3): inner()\n#1 {main}\n");
    EXPECT_TRUE(shim.call("").is_unhandled()) << "and goes on";
}

TEST_F(PhpShim, TellsWhyCodeCannotBeLoadedEachTime) {
    struct Case {
        std::string source, handler, type, message;
    };
    const std::vector<Case> cases = {
        {"", "handler", "InvalidHandleName", "Invalid handler 'handler'"},
        {"", "index.", "InvalidHandleName", "Invalid handler 'index.'"},
        {"", "other.handler", "ImportModuleError", "Unable to import module 'other'"},
        {"function handler( {", "index.handler", "UserCodeSyntaxError", "Syntax error in module 'index'"},
        {"throw new DomainException('at once');", "index.handler", "UserCodeError", "DomainException: at once"},
        {"", "index.handler", "HandlerNotFound", "Handler 'handler' is missing on module 'index'"},
    };
    for (const Case& one : cases) {
        ShimProcess shim = start(one.source, one.handler);
        for (int i = 0; i < 2; ++i) {
            const Answer answer = shim.call("");
            EXPECT_TRUE(answer.is_unhandled() && answer.has("\"errorType\":\"" + one.type + "\"") &&
                        answer.has(one.message))
                << one.type << ": " << answer;
        }
    }
}

TEST_F(PhpShim, AnswersWhatNothingCanCatchAndEnds) {
    const std::map<std::string, std::pair<std::string, std::string>> cases = {
        {"function handler($e, $c) { return str_repeat('x', 1 << 30); }",
         {"FatalError", "Allowed memory size of 134217728 bytes"}},
        {"function handler($e, $c) { trigger_error('mine', E_USER_ERROR); }", {"FatalError", "mine"}},
        {"function twice() {} function twice() {}", {"UserCodeError", "Cannot redeclare twice"}},
    };
    for (const auto& [source, expected] : cases) {
        ShimProcess shim = start(source);
        const Answer answer = shim.call("");
        EXPECT_TRUE(answer.is_unhandled() && answer.has("\"errorType\":\"" + expected.first) &&
                    answer.has(expected.second))
            << answer;
        EXPECT_EQ(answer.flags, HC_LAST);
        EXPECT_EQ(WEXITSTATUS(shim.wait(false)), 255);
    }
}

TEST_F(PhpShim, SaysNothingWhenTheCodeExits) {
    for (const auto& [source, status] :
         std::map<std::string, int>{{"function handler($e, $c) { exit(3); }", 3},
                                    {"function handler($e, $c) { @$x->y; die('bye'); }", 0},
                                    {"exit(4);", 4}}) {
        ShimProcess shim = start(source);
        EXPECT_EQ(shim.call("").type, 0) << source;
        EXPECT_EQ(WEXITSTATUS(shim.wait(false)), status) << source;
    }
}

TEST_F(PhpShim, LogsWithTheRequestsId) {
    ShimProcess shim = start(
        "function handler($event, $context) {\n"
        "  $GLOBALS['fcLogger']->info('found {what}', ['what' => 'it']);\n"
        "  $GLOBALS['fcLogger']->warn('careful');\n  echo 'printed';\n  ob_start();\n  echo \" held\\n\";\n"
        "  passthru('echo from a child; ls -l /proc/self/fd | grep -c socket');\n}\n");
    (void)shim.call("", "rid-5");
    const std::string out = shim.out();
    const std::regex lines(
        R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z rid-5 \[INFO\] found it\n[^ ]+ rid-5 \[WARNING\] careful\nprinted held\n)"
        R"(from a child\n0\n)");
    EXPECT_TRUE(std::regex_match(out, lines)) << out << "no channel in the child";
}

TEST_F(PhpShim, DoesNotLetAForkedChildAnswer) {
    ShimProcess shim = start(
        "function handler($e, $c) { $pid = pcntl_fork(); if ($pid === 0) return 'child'; pcntl_waitpid($pid, $s); "
        "return 'parent'; }");
    EXPECT_EQ(shim.call("").payload, "parent");
    EXPECT_EQ(shim.call("").payload, "parent");
}

TEST_F(PhpShim, GivesAPsr7RequestAndTakesAResponse) {
    ShimProcess shim = start(R"(
use RingCentral\Psr7\Response;
use Psr\Http\Message\ServerRequestInterface;
function handler($request, $context) {
    if ($request->getAttribute('path') === '/none') return 'text';
    if ($request->getAttribute('path') === '/bytes') return new Response(200, [], implode('', array_map('chr', range(0, 255))));
    assert($request instanceof ServerRequestInterface);
    $said = [$request->getMethod(), $request->getAttribute('path'), $request->getAttribute('requestURI'),
        $request->getAttribute('clientIP'), $request->getQueryParams(), $request->getHeaders(), $request->getHeaderLine('X-One'),
        $request->getCookieParams(), $request->getParsedBody(), $request->getBody()->getContents(), (string) $request->getUri(),
        $context['requestId'], $context['service']['qualifier']];
    return new Response(201, ['Content-Type' => 'application/json', 'X-Two' => ['1', '2']], json_encode($said));
}
)");
    const Answer answer = shim.call_http(
        R"({"method":"POST","path":"/a%20b","requestURI":"/p/a%20b?x=1&x=2","host":"h:1","clientIP":"10.1.2.3",)"
        R"("queries":{"x":["1","2"]},"headers":{"content-type":["application/x-www-form-urlencoded"],"x-one":["1"],)"
        R"("cookie":["c=1; d=%26"]}})",
        "a=1&b[]=2", "rid-7");
    ASSERT_TRUE(answer.is_http()) << answer;
    EXPECT_EQ(answer.head(), R"({"status":201,"headers":{"content-type":["application/json"],"x-two":["1","2"]}})");
    EXPECT_EQ(answer.body(),
              R"(["POST","\/a%20b","\/p\/a%20b?x=1&x=2","10.1.2.3",{"x":["1","2"]},{"Host":["h:1"],)"
              R"("content-type":["application\/x-www-form-urlencoded"],"x-one":["1"],"cookie":["c=1; d=%26"]},"1",)"
              R"({"c":"1","d":"&"},{"a":"1","b":["2"]},"a=1&b[]=2","http:\/\/h:1\/a%20b?x=1&x=2","rid-7","prod"])");
    const auto get = [&](const std::string& path) {
        return shim.call_http(R"({"method":"GET","path":")" + path + R"(","requestURI":"/","host":"h","headers":{}})",
                              "");
    };
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(get("/bytes").body(), all);
    const Answer none = get("/none");
    EXPECT_TRUE(none.is_unhandled() && none.has("TypeError")) << none;
}

TEST_F(PhpShim, CallsTheHooksOfLoad) {
    ShimProcess shim = start(
        "$said = [];\nfunction pre_freeze($context) { $GLOBALS['said'][] = $context['requestId']; }\n"
        "function pre_stop($context) { throw new Exception('cannot stop'); }\nfunction handler($e, $c) { return "
        "$GLOBALS['said']; }\n");
    EXPECT_TRUE(shim.call("", "rid-f", HC_CALL_PRE_FREEZE).is_result());
    EXPECT_EQ(shim.call("").payload, R"(["rid-f"])");
    EXPECT_TRUE(shim.call("", "rid-s", HC_CALL_PRE_STOP).is_unhandled());
}

TEST_F(PhpShim, EndsOnWhatNoEngineSends) {
    const std::string context = context_of("r");
    const std::vector<std::string> cases = {
        frame(HC_FRAME_RUN, std::string(8, '\0'), 8),
        frame(HC_FRAME_LOAD, "{}", 2),
        frame(99, "", 0),
        frame(HC_FRAME_INVOKE, "1234", 4),
        invoke_frame(1, 5, context, ""),
        frame(HC_FRAME_INVOKE, std::string("\0\0\0\0\xff\xff\xff\xff", 8), 8),
        invoke_frame(1, 0, "{", ""),
        std::string(64, '\xff'),
        invoke_frame(1, 0, context, "cut short").substr(0, 60),
    };
    for (const std::string& bytes : cases) {
        ShimProcess shim = start("function handler($e, $c) { return 'answered'; }\n");
        shim.send(bytes);
        shim.end_input();
        EXPECT_EQ(shim.receive().type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait()), 1) << bytes.size();
        EXPECT_NE(shim.err().find("hotcell shim: "), std::string::npos);
    }
}

}  // namespace
}  // namespace hotcell::test
