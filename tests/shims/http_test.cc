// HTTP calls and lifecycle hooks, by each shim: what handlers of either language get, what goes back.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include "tests/shims/shim_process.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"

namespace hotcell::test {
namespace {

const std::vector<std::string> kPython = {"/usr/bin/python3.11", "-I", std::string(kShimsDir) + "/python/shim.py"};
const std::vector<std::string> kNode = {"/usr/bin/node", std::string(kShimsDir) + "/nodejs/shim.js"};

constexpr const char* kRequest =
    R"({"method":"PUT","path":"/a%20b/c","requestURI":"/2016-08-15/proxy/s/f/a%20b/c?x=1&x=2&y=%26","host":"example.org:8080",)"
    R"("clientIP":"10.1.2.3","queries":{"x":["1","2"],"y":["&"]},)"
    R"("headers":{"content-type":["text/plain"],"x-one":["1"],"x-many":["a","b"],"cookie":["c=1","d=2"],"x-text":["h\u00e9"]}})";

ShimProcess python(const std::string& source) { return ShimProcess(kPython, {{{"index.py", source}}}); }
ShimProcess node(const std::string& source) { return ShimProcess(kNode, {{{"index.js", source}}}); }

class HttpShim : public ::testing::Test {
protected:
    void SetUp() override {
        HOTCELL_REQUIRES(::access("/usr/bin/node", X_OK) == 0 ? testing::Missing() : "needs /usr/bin/node");
    }
};

TEST_F(HttpShim, GivesPythonAWsgiEnvironment) {
    ShimProcess shim = python(R"(
import json
def handler(environ, start_response):
    keys = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_NAME",
            "SERVER_PORT", "REMOTE_ADDR", "HTTP_X_ONE", "HTTP_X_MANY", "HTTP_COOKIE", "HTTP_X_TEXT", "fc.request_uri")
    context = environ["fc.context"]
    said = [environ[key] for key in keys] + [environ["wsgi.input"].read().decode(), context.request_id,
                                             context.service.qualifier, context.service.version_id]
    start_response("201 Made", [("Content-Type", "application/json"), ("X-Two", "1"), ("X-Two", "2")])
    return [json.dumps(said).encode()]
)");
    const Answer answer = shim.call_http(kRequest, "body", "rid-7");
    ASSERT_TRUE(answer.is_http()) << answer;
    EXPECT_EQ(answer.head(),
              R"({"status": 201, "headers": {"content-type": ["application/json"], "x-two": ["1", "2"]}})");
    EXPECT_EQ(
        answer.body(),
        R"(["PUT", "", "/a b/c", "x=1&x=2&y=%26", "text/plain", "4", "example.org", "8080", "10.1.2.3", "1", "a,b", )"
        R"("c=1; d=2", "h\u00c3\u00a9", "/2016-08-15/proxy/s/f/a%20b/c?x=1&x=2&y=%26", "body", "rid-7", "prod", "7"])");
    EXPECT_EQ(shim.out(), "");
}

TEST_F(HttpShim, KeepsToTheStandardOfPythonsWebApplications) {
    ShimProcess shim = python(R"(
closed = []
class Body:
    def __iter__(self):
        yield b"two "
        yield bytes(range(256))
    def close(self):
        closed.append(1)
def handler(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/write":
        start_response("200 OK", [])(b"one ")
        return Body()
    if path == "/closed":
        start_response("200 OK", [("X-Text", "h\u00c3\u00a9")])
        return [str(len(closed)).encode()]
    if path == "/again":
        start_response("200 OK", [])
        start_response("200 OK", [])
    if path == "/late":
        def late():
            start_response("404 Not Found", [])
            yield b"late"
        return late()
    if path == "/text":
        start_response("200 OK", [])
        return ["text"]
    if path == "/status":
        start_response("OK", [])
    if path == "/replaced":
        start_response("200 OK", [("x-a", "1")])
        try: raise ValueError
        except ValueError:
            import sys
            start_response("500 Sorry", [("x-b", "1")], sys.exc_info())
        return []
    return [b"nothing said"]
)");
    const auto get = [&](const std::string& path) {
        return shim.call_http(R"({"method":"GET","path":")" + path + R"(","requestURI":"/","host":"h","headers":{}})",
                              "");
    };
    std::string all = "one two ";
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(get("/write").body(), all);
    const Answer closed = get("/closed");
    EXPECT_EQ(closed.body(), "1") << "the iterable has been closed";
    EXPECT_TRUE(closed.has(R"("x-text": ["h\u00e9"])")) << closed;
    EXPECT_EQ(get("/late").head(), R"({"status": 404, "headers": {}})");
    EXPECT_EQ(get("/replaced").head(), R"({"status": 500, "headers": {"x-b": ["1"]}})");
    for (const auto& [path, message] : std::map<std::string, std::string>{{"/again", "a second time"},
                                                                          {"/text", "not str"},
                                                                          {"/status", "three digits"},
                                                                          {"/nothing", "not called"}}) {
        const Answer answer = get(path);
        EXPECT_TRUE(answer.is_unhandled() && answer.has(message)) << path << ": " << answer;
    }
}

TEST_F(HttpShim, GivesNodeARequestThatIsAStreamAndAResponse) {
    ShimProcess shim = node(R"(
exports.handler = (req, resp, context) => {
    const pieces = [];
    req.on('data', (piece) => pieces.push(piece));
    req.on('end', () => {
        resp.setStatusCode(201);
        resp.setHeader('Content-Type', 'application/json');
        resp.setHeader('X-Two', ['1', '2']);
        resp.setHeader('X-Gone', 'x');
        resp.deleteHeader('x-gone');
        resp.send(JSON.stringify([req.method, req.path, req.url, req.queries, req.headers, req.clientIP, req.getHeader('X-One'),
            Buffer.concat(pieces).toString(), context.requestId, context.service, resp.hasHeader('x-two'), resp.hasHeader('x-gone')]));
    });
};
)");
    const Answer answer = shim.call_http(kRequest, "body", "rid-7");
    ASSERT_TRUE(answer.is_http()) << answer;
    EXPECT_EQ(answer.head(), R"({"status":201,"headers":{"content-type":["application/json"],"x-two":["1","2"]}})");
    EXPECT_EQ(
        answer.body(),
        R"(["PUT","/a%20b/c","/2016-08-15/proxy/s/f/a%20b/c?x=1&x=2&y=%26",{"x":["1","2"],"y":"&"},)"
        R"({"content-type":"text/plain","x-one":"1","x-many":"a, b","cookie":"c=1; d=2","x-text":"hé"},"10.1.2.3","1",)"
        R"("body","rid-7",{"name":"s","logProject":"p","logStore":"l","qualifier":"prod","versionId":"7"},true,false])");
    EXPECT_EQ(shim.out(),
              "load code for "
              "handler:index.handler\n");
}

TEST_F(HttpShim, SendsFromNodeWhatIsSentOnceAndTellsErrors) {
    ShimProcess shim = node(R"(
const { Readable } = require('stream');
exports.handler = async (req, resp) => {
    switch (req.path) {
    case '/bytes': resp.send(Buffer.from([...Array(256).keys()])); break;
    case '/stream': resp.send(Readable.from([Buffer.from('one '), 'two'])); break;
    case '/broken': resp.send(new Readable({ read() { this.destroy(new Error('broken stream')); } })); break;
    case '/twice': resp.send('first'); resp.send('second'); break;
    case '/nothing': resp.send(); break;
    case '/later': setTimeout(() => resp.send('later'), 5); break;
    case '/status': resp.setStatusCode('fine'); break;
    case '/object': resp.send({}); break;
    case '/header': resp.setHeader('a b', '1'); break;
    default: throw new Error('thrown');
    }
};
)");
    const auto get = [&](const std::string& path) {
        return shim.call_http(R"({"method":"GET","path":")" + path + R"(","requestURI":"/","host":"h","headers":{}})",
                              "");
    };
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(get("/bytes").body(), all);
    EXPECT_EQ(get("/stream").body(), "one two");
    EXPECT_EQ(get("/twice").body(), "first");
    EXPECT_EQ(get("/nothing").body(), "");
    EXPECT_TRUE(get("/nothing").is_http());
    EXPECT_EQ(get("/later").body(), "later");
    for (const auto& [path, message] : std::map<std::string, std::string>{{"/broken", "broken stream"},
                                                                          {"/status", "Invalid status code: fine"},
                                                                          {"/object", "not object"},
                                                                          {"/header", "valid HTTP token"},
                                                                          {"/", "thrown"}}) {
        const Answer answer = get(path);
        EXPECT_TRUE(answer.is_unhandled() && answer.has(message)) << path << ": " << answer;
    }
}

TEST_F(HttpShim, CallsTheHooksOfLoad) {
    ShimProcess in_python = python(
        "said = []\n"
        "def pre_freeze(context):\n    said.append('freeze ' + context.request_id)\n"
        "def pre_stop(context):\n    raise ValueError('cannot stop')\n"
        "def handler(event, context):\n    return said\n");
    EXPECT_TRUE(in_python.call("", "rid-f", HC_CALL_PRE_FREEZE).is_result());
    EXPECT_EQ(in_python.call("").payload, R"(["freeze rid-f"])");
    EXPECT_TRUE(in_python.call("", "rid-s", HC_CALL_PRE_STOP).is_unhandled());

    ShimProcess in_node = node(
        "const said = [];\n"
        "exports.pre_freeze = (context, callback) => { said.push('freeze ' + context.requestId); callback(null, 'x'); "
        "};\n"
        "exports.pre_stop = async (context) => { throw new Error('cannot stop'); };\n"
        "exports.handler = async () => said;\n");
    EXPECT_EQ(in_node.call("", "rid-f", HC_CALL_PRE_FREEZE).payload, "");
    EXPECT_EQ(in_node.call("").payload, R"(["freeze rid-f"])");
    EXPECT_TRUE(in_node.call("", "rid-s", HC_CALL_PRE_STOP).is_unhandled());
}

}  // namespace
}  // namespace hotcell::test
