// Requests about functions that must be refused: bodies, names, sizes. Each with its status and the words that help.
#include "engine/api/limits.h"
#include "engine/api/wire/base64.h"
#include "tests/api/server_fixture.h"

namespace hotcell::api {

namespace {

struct BadRequest {
    std::string method;
    std::string target;
    std::string body;
    const char* status;
    const char* code;
    const char* message;
    std::string headers = "";
};

const std::string kServices = "/2016-08-15/services";
const std::string kFunctions = kServices + "/img/functions";
const std::string kInvoke = kFunctions + "/f/invocations";

std::string repeat(const std::string& text, unsigned times) {
    std::string out;
    for (unsigned i = 0; i < times; ++i) out += text;
    return out;
}
std::string service(const std::string& more) { return R"({"serviceName":"img")" + more + "}"; }
std::string function(const std::string& more, const std::string& code = R"("code":{"zipFile":"UEs="})") {
    return R"({"functionName":"f","runtime":"python3","handler":"i.h",)" + code + more + "}";
}
std::string many_keys(unsigned count) {
    std::string body = "{\"a\":{";
    for (unsigned i = 0; i < count; ++i) body += "\"k" + std::to_string(i) + "\":1,";
    return body + "\"last\":1}}";
}

const BadRequest kBodies[] = {
    {"POST", kServices, "", "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, "{", "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, "[]", "400", "InvalidArgument", "body: must be a JSON object"},
    {"POST", kServices, "null", "400", "InvalidArgument", "body: must be a JSON object"},
    {"POST", kServices, "\"a\"", "400", "InvalidArgument", "body: must be a JSON object"},
    {"POST", kServices, service("") + "x", "400", "InvalidArgument", "body:"},
    {"POST", kServices, service(",}"), "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, R"({'serviceName':'img'})", "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, service(R"(,"serviceName":"b")"), "400", "InvalidArgument", "a key is given more than once"},
    {"POST", kServices, service(R"(,"servic\u0065Name":"b")"), "400", "InvalidArgument", "given more than once"},
    {"POST", kServices, service(R"(,"x":{"a":1,"a":2})"), "400", "InvalidArgument", "a key is given more than once"},
    {"POST", kServices, service(",\"description\":\"\xff\""), "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, service(",\"description\":\"\xc0\x80\""), "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, service(",\"description\":\"\\ud800\""), "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, service(",\"description\":\"a\nb\""), "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, service(R"(,"description":"a\u0000b")"), "400", "InvalidArgument", "no zero character"},
    {"POST", kServices, service(R"(,"description":7)"), "400", "InvalidArgument",
     "description: must be a string, not 7"},
    {"POST", kServices, service(",\"x\":1e999"), "400", "InvalidArgument", "body:"},
    {"POST", kServices, service(",\"x\":NaN"), "400", "InvalidArgument", "body: not JSON"},
    {"POST", kServices, service(",\"x\":" + repeat("[", 64) + repeat("]", 64)), "400", "InvalidArgument",
     "body: not JSON"},
    {"POST", kFunctions, "{\"x\":" + repeat("[", 1'000'000), "400", "InvalidArgument", "body: not JSON"},
    {"POST", kFunctions, repeat("{\"x\":", 1'000'000), "400", "InvalidArgument", "body: not JSON"},
    {"POST", kFunctions, many_keys(1'000'000), "400", "InvalidArgument", "body:"},
    {"POST", kFunctions, "{\"a\":[" + repeat("1,", 1'000'000) + "1]}", "400", "InvalidArgument", "body:"},
    {"POST", kServices, service(R"(,"internetAccess":"yes")"), "400", "InvalidArgument",
     "internetAccess: must be true or false, not \\\"yes\\\""},
    {"POST", kServices, service(R"(,"logConfig":[])"), "400", "InvalidArgument", "logConfig: must be an object"},
    {"POST", kServices, service(R"(,"logConfig":{"project":1})"), "400", "InvalidArgument",
     "logConfig.project: must be a string"},
    {"POST", kServices, service(R"(,"vendorConfig":{"a":"b"})"), "400", "InvalidArgument",
     "vendorConfig: not supported here"},
    {"POST", kServices, service(R"(,"vpcConfig":{"vSwitchIds":"x"})"), "400", "InvalidArgument",
     "vpcConfig.vSwitchIds: must be a list"},
    {"POST", kServices, service(R"(,"nasConfig":{"mountPoints":[{"mountDir":1}]})"), "400", "InvalidArgument",
     "nasConfig.mountPoints[0].mountDir: must be a string"},
    {"POST", kServices, service(R"(,"descripton":"x")"), "400", "InvalidArgument",
     "the member \\\"descripton\\\" is unknown"},
    {"POST", kServices, service(R"(,"logConfig":{"log_store":"x"})"), "400", "InvalidArgument",
     "did you mean logstore?"},
    {"POST", kServices, "{}", "400", "InvalidArgument", "serviceName: is missing"},
    {"POST", kServices, R"({"serviceName":null})", "400", "InvalidArgument", "serviceName: is missing"},
    {"PUT", kServices + "/img", "[]", "400", "InvalidArgument", "body: must be a JSON object"},
    {"POST", kFunctions, R"({"functionName":"f","handler":"i.h","code":{"zipFile":"UEs="}})", "400", "InvalidArgument",
     "runtime: is missing"},
    {"POST", kFunctions, R"({"functionName":"f","runtime":"python3","code":{"zipFile":"UEs="}})", "400",
     "InvalidArgument", "handler: is missing"},
    {"POST", kFunctions, function("", R"("code":{})"), "400", "InvalidArgument", "code.zipFile: is missing"},
    {"POST", kFunctions, function("", R"("code":null)"), "400", "InvalidArgument", "code.zipFile: is missing"},
    {"POST", kFunctions, function("", R"("code":"UEs=")"), "400", "InvalidArgument", "code: must be an object"},
    {"POST", kFunctions, function("", R"("code":{"zipFile":7})"), "400", "InvalidArgument",
     "code.zipFile: must be a string"},
    {"POST", kFunctions, function("", R"("code":{"ossBucketName":"b"})"), "400", "InvalidArgument",
     "code.ossBucketName: not supported here"},
    {"POST", kFunctions, function("", R"("code":{"zipFile":"UEs"})"), "400", "InvalidArgument",
     "code.zipFile: is not base64"},
    {"POST", kFunctions, function("", R"("code":{"zipFile":"UE s="})"), "400", "InvalidArgument", "is not base64"},
    {"POST", kFunctions, function("", R"("code":{"zipFile":"UEt="})"), "400", "InvalidArgument", "is not base64"},
    {"POST", kFunctions, function("", R"("code":{"zipFile":"UEs=UEs="})"), "400", "InvalidArgument", "is not base64"},
    {"POST", kFunctions, function("", R"("code":{"zipFile":"U==="})"), "400", "InvalidArgument", "is not base64"},
    {"POST", kFunctions, function(R"(,"timeout":"3")"), "400", "InvalidArgument", "timeout: must be a whole number"},
    {"POST", kFunctions, function(R"(,"timeout":-1)"), "400", "InvalidArgument", "timeout: must be a whole number"},
    {"POST", kFunctions, function(R"(,"timeout":1.5)"), "400", "InvalidArgument", "timeout: must be a whole number"},
    {"POST", kFunctions, function(R"(,"memorySize":4294967296)"), "400", "InvalidArgument",
     "memorySize: must be a whole number in 0..4294967295, not 4294967296"},
    {"POST", kFunctions, function(R"(,"environmentVariables":{"A":1})"), "400", "InvalidArgument",
     "environmentVariables: must have values that are strings, not 1"},
    {"POST", kFunctions, function(R"(,"environmentVariables":["A"])"), "400", "InvalidArgument",
     "environmentVariables: must be an object"},
    {"POST", kFunctions, function(R"(,"environmentVariables":{"A\u0000B":"x"})"), "400", "InvalidArgument",
     "environmentVariables: must have no zero character"},
    {"POST", kFunctions, function(R"(,"customContainerConfig":{"image":"x"})"), "400", "InvalidArgument",
     "customContainerConfig: not supported here"},
    {"POST", kFunctions, function(R"(,"gpuMemorySize":8192)"), "400", "InvalidArgument",
     "gpuMemorySize: not supported"},
    {"POST", kFunctions, function(R"(,"layers":[1])"), "400", "InvalidArgument", "layers: must be a list of strings"},
    {"POST", kFunctions, function(R"(,"customDNS":{"nameServers":"1.1.1.1"})"), "400", "InvalidArgument",
     "customDNS.nameServers: must be a list"},
    {"POST", kFunctions, function(R"(,"cpu":0.333)"), "400", "InvalidArgument",
     "cpu is set to an invalid value (allowed: 0.05-16"},
    {"POST", kFunctions, function(R"(,"caPort":70000)"), "400", "InvalidArgument",
     "caPort is set to an invalid value (allowed: 1-65535, actual: '70000')"},
    {"POST", kFunctions, function(R"(,"memory_size":512)"), "400", "InvalidArgument", "did you mean memorySize?"},
    {"POST", kFunctions, function(R"(,"instanceLifecycleConfig":{"preStop":{"handlr":"x"}})"), "400", "InvalidArgument",
     "did you mean handler?"},
    {"POST", kFunctions, function(""), "400", "InvalidArgument", "X-Fc-Code-Checksum: must be a whole number",
     "X-Fc-Code-Checksum: abc\r\n"},
    {"GET", kServices + "?limit=0", "", "400", "InvalidArgument", "limit: must be a whole number in 1..100"},
    {"GET", kServices + "?limit=101", "", "400", "InvalidArgument", "limit: must be a whole number in 1..100"},
    {"GET", kServices + "?limit=1&limit=2", "", "400", "InvalidArgument", "a field is given once"},
    {"GET", kServices + "?prefix=%zz", "", "400", "InvalidArgument", "two hexadecimal digits"},
    {"POST", kServices + "/img/versions", R"({"descripton":"x"})", "400", "InvalidArgument",
     "did you mean description?"},
    {"GET", kServices + "/img/versions?direction=UP", "", "400", "InvalidArgument",
     "direction is set to an invalid value (allowed: BACKWARD, FORWARD, actual: 'UP')"},
    {"DELETE", kServices + "/img/versions/x", "", "400", "InvalidArgument", "versionId: must be a whole number"},
    {"POST", kServices + "/img/aliases", R"({"aliasName":"a"})", "400", "InvalidArgument", "versionId: is missing"},
    {"POST", kServices + "/img/aliases", R"({"aliasName":"a","versionId":1})", "400", "InvalidArgument",
     "versionId: must be a string, not 1"},
    {"POST", kServices + "/img/aliases", R"({"aliasName":"a","versionId":"1","additionalVersionWeight":{"2":"x"}})",
     "400", "InvalidArgument", "additionalVersionWeight: must have values that are numbers"},
    {"POST", kServices + "/img/aliases", R"({"aliasName":"a","versionId":"1","resolvePolicy":"Content"})", "400",
     "InvalidArgument", "resolvePolicy: not supported here"},
    {"POST", kFunctions + "/f/triggers", R"({"triggerName":"t","triggerType":"oss","triggerConfig":{}})", "400",
     "InvalidArgument", "triggerType: must be http, not oss"},
    {"POST", kFunctions + "/f/triggers", R"({"triggerName":"t","triggerType":"http"})", "400", "InvalidArgument",
     "triggerConfig: is missing"},
    {"POST", kFunctions + "/f/triggers", R"({"triggerName":"t","triggerType":"http","triggerConfig":"{"})", "400",
     "InvalidArgument", "triggerConfig: body: not JSON"},
    {"POST", "/2016-08-15/layers/l/versions", "{}", "400", "InvalidArgument", "code.zipFile: is missing"},
    {"PUT", "/2016-08-15/layers/l/acl?public=maybe", "", "400", "InvalidArgument", "public is set to an invalid value"},
    {"POST", "/2016-08-15/tag", R"({"resourceArn":"functions/f","tags":{}})", "400", "InvalidArgument",
     "resourceArn: must be a service's"},
    {"POST", "/2016-08-15/tag", R"({"resourceArn":"acs:fc:","tags":{}})", "400", "InvalidArgument", "resourceArn"},
    {"PUT", kFunctions + "/f/on-demand-config", "{}", "400", "InvalidArgument", "maximumInstanceCount: is missing"},
    {"PUT", kFunctions + "/f/provision-config", R"({"scheduledActions":{}})", "400", "InvalidArgument",
     "scheduledActions: must be a list"},
    {"PUT", kFunctions + "/f/async-invoke-config", R"({"destinationConfig":{"onSuccess":"x"}})", "400",
     "InvalidArgument", "destinationConfig.onSuccess: must be an object"},
    {"GET", "/2021-04-06/services/img.a?qualifier=b", "", "400", "InvalidArgument",
     "qualifier: \\\"a\\\" in the path and \\\"b\\\" in the query"},
    {"PUT", kServices + "/img.1", "{}", "400", "InvalidArgument", "only LATEST can be changed"},
    {"GET", "/2016-08-15/tempBucketToken", "", "400", "InvalidArgument", "there is no object storage here"},
    {"POST", kInvoke, "", "400", "InvalidArgument", "LogType is set to an invalid value", "X-Fc-Log-Type: All\r\n"},
    {"POST", kInvoke, "", "400", "InvalidArgument", "InvocationType is set to an invalid value",
     "X-Fc-Invocation-Type: Later\r\n"},
    {"POST", kInvoke, "", "400", "InvalidArgument", "LogType is set to an invalid value (allowed: None",
     "X-Fc-Invocation-Type: Async\r\nX-Fc-Log-Type: Tail\r\n"},
};

class BadFunctionRequest : public ServerTest {
protected:
    void SetUp() override {
        start();
        client_ = std::make_unique<RawClient>(path_);
    }
    void TearDown() override {
        client_.reset();
        ServerTest::TearDown();
    }
    void expect_refused(const BadRequest& bad) {
        ASSERT_TRUE(client_->send(request(bad.method, bad.target, bad.body, bad.headers)));
        const auto answer = client_->read_answer();
        const auto told = bad.method + " " + bad.target + " " + bad.body.substr(0, 200) + "\n" + answer.substr(0, 900);
        EXPECT_EQ(answer.substr(0, 12), std::string("HTTP/1.1 ") + bad.status) << told;
        EXPECT_NE(answer.find(R"("ErrorCode":")" + std::string(bad.code) + '"'), std::string::npos) << told;
        EXPECT_NE(answer.find(bad.message), std::string::npos) << bad.message << "\n" << told;
        EXPECT_NE(answer.find("X-Fc-Request-Id: "), std::string::npos) << told;
    }

    void keep_service(const std::string& name) {
        Service kept;
        kept.name = name;
        ASSERT_TRUE(catalog_.create_service(kept));
    }

    std::unique_ptr<RawClient> client_;
};

TEST_F(BadFunctionRequest, SaysWhatIsWrongWithIt) {
    for (const BadRequest& bad : kBodies) expect_refused(bad);
    EXPECT_EQ(catalog_.services(), 0u);
    EXPECT_TRUE(calls_.calls().empty());
}

TEST_F(BadFunctionRequest, RefusesNamesThatAreNone) {
    const std::string names[] = {"%00",
                                 "a%00b",
                                 "%2e%2e",
                                 "%2e%2e%2f",
                                 "a%2fb",
                                 "..%2f..%2fetc",
                                 "'",
                                 "\"",
                                 "a'b",
                                 "%27",
                                 "%22",
                                 "a%0ab",
                                 "a%0d%0aX:1",
                                 "1a",
                                 "-a",
                                 "a%20b",
                                 "%ff",
                                 "%c3%a9",
                                 "a;b",
                                 "a%5cb",
                                 "~",
                                 "a%25b",
                                 "$(id)",
                                 "a%252f",
                                 "%7f",
                                 "a:b",
                                 "a@b",
                                 "a+b",
                                 std::string(129, 'a'),
                                 repeat("%61", 2'000)};
    for (const auto& name : names)
        for (const auto& target :
             {kServices + "/" + name, kServices + "/" + name + "/functions", kServices + "/img/functions/" + name})
            expect_refused({"GET", target, "", "400", "InvalidArgument", "doesn't match expected format"});
    for (const char* name : {"a%", "a%4", "%zz", "%%41"})
        expect_refused({"GET", kServices + "/" + name, "", "400", "InvalidArgument", "two hexadecimal digits"});
    for (const char* name : {"", "1a", "-a", "a.b", "../x", "a/b", "é", "a b", "a\\u0000", "a'b"})
        expect_refused({"POST", kServices, R"({"serviceName":")" + std::string(name) + "\"}", "400", "InvalidArgument",
                        name == std::string("a\\u0000") ? "no zero character" : "doesn't match expected format"});
    expect_refused({"POST", kServices, R"({"serviceName":")" + std::string(129, 'a') + "\"}", "400", "InvalidArgument",
                    "1..128 characters"});
    expect_refused({"POST", kFunctions, R"({"functionName":")" + std::string(65, 'a') + "\"}", "400", "InvalidArgument",
                    "1..64 characters"});
    EXPECT_EQ(catalog_.services(), 0u);
    EXPECT_EQ(catalog_.functions(), 0u);
}

TEST_F(BadFunctionRequest, TellsVersionsFromAliasesThatDoNotExist) {
    keep_service("img");
    for (const auto& [method, rest] : {std::pair{"GET", "/functions/f"}, {"GET", ""}, {"GET", "/functions"}}) {
        expect_refused({method, kServices + "/img.7" + rest, "", "404", "VersionNotFound",
                        "version '7' of service 'img' does not exist"});
        expect_refused({method, kServices + "/img.prod" + rest, "", "404", "AliasNotFound",
                        "alias 'prod' of service 'img' does not exist"});
        expect_refused({method, kServices + "/img." + rest, "", "400", "InvalidArgument", "qualifier"});
        expect_refused({method, kServices + "/img.a.b" + rest, "", "400", "InvalidArgument", "qualifier"});
    }
}

TEST_F(BadFunctionRequest, TakesMembersThatAskForNothing) {
    keep_service("other");
    for (const char* more :
         {R"(,"vpcConfig":null)", R"(,"vpcConfig":{"vpcId":"","vSwitchIds":[],"securityGroupId":""})",
          R"(,"nasConfig":{"userId":-1,"groupId":-1,"mountPoints":[]})", R"(,"tracingConfig":{})",
          R"(,"logConfig":{"logBeginRule":"None","enableInstanceMetrics":false})", R"(,"unknown":{"a":1})"}) {
        client_->send(request("PUT", kServices + "/other", "{\"role\":\"\"" + std::string(more) + "}"));
        EXPECT_TRUE(client_->read_answer().starts_with("HTTP/1.1 200")) << more;
    }
}

TEST_F(BadFunctionRequest, BoundsWhatIsSent) {
    const auto too_large = [&](const std::string& method, const std::string& target, std::uint64_t size) {
        RawClient client(path_);
        client.send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
                    "\r\n\r\n");
        return client.read_answer();
    };
    auto answer = too_large("POST", kInvoke, kMaxEvent.count + 1);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_NE(
        answer.find("\"ErrorCode\":\"EntityTooLarge\",\"ErrorMessage\":\"payload size exceeds maximum allowed size "
                    "(6291456 bytes)\""),
        std::string::npos)
        << answer;
    EXPECT_NE(too_large("POST", kServices, kMaxJson.count + 1).find("EntityTooLarge"), std::string::npos);
    answer = too_large("POST", kFunctions, kMaxCodeBody.count + 1);
    EXPECT_NE(answer.find(R"("ErrorCode":"EntityTooLarge","ErrorMessage":"payload size exceeds maximum allowed size )"
                          R"((105119744 bytes): the body has 105119745 bytes; a package may have 78643200")"),
              std::string::npos)
        << answer;
    EXPECT_NE(too_large("DELETE", kServices + "/img", 1).find("EntityTooLarge"), std::string::npos);
    EXPECT_TRUE(too_large("GET", "/v1/runtimes", 1).starts_with("HTTP/1.1 413"));

    RawClient chunked(path_);  // no length is told: the bytes are counted
    chunked.send("POST " + kInvoke + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n600001\r\n" +
                 std::string(0x600001, 'x'));
    EXPECT_NE(chunked.read_answer().find("EntityTooLarge"), std::string::npos);
    EXPECT_TRUE(calls_.calls().empty());
}

TEST_F(BadFunctionRequest, TakesAnEventOfSixMebibytes) {
    const std::string event(kMaxEvent.count, '\xee');
    client_->send(request("POST", kInvoke, event));
    EXPECT_TRUE(client_->read_answer().ends_with(event.substr(0, 1'000)));
    EXPECT_TRUE(calls_.calls().at(0).event == event);
}

TEST_F(BadFunctionRequest, BoundsThePackageByItsBytes) {
    keep_service("img");
    constexpr std::chrono::seconds kPatience(60);  // sanitizers read slowly
    static_assert(kMostPackage.count % 3 == 0);
    const std::string zeros(kMaxPackageText.count, 'A');
    const auto whole = request("POST", kFunctions, function("", R"("code":{"zipFile":")" + zeros + "\"}"));
    client_ = std::make_unique<RawClient>(path_);  // its first byte must come soon
    client_->send(whole);
    EXPECT_TRUE(client_->read_answer(kPatience).starts_with("HTTP/1.1 200"));
    EXPECT_EQ(catalog_.zip().size(), kMostPackage.count);
    EXPECT_EQ(catalog_.zip().find_first_not_of('\0'), std::string::npos);
    client_->send(request("PUT", kFunctions + "/f", R"({"code":{"zipFile":")" + zeros + "AA==\"}}"));  // one byte more
    const auto answer = client_->read_answer(kPatience);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_NE(answer.find(
                  R"("ErrorCode":"EntityTooLarge","ErrorMessage":"code.zipFile: payload size exceeds maximum allowed )"
                  R"(size (78643200 bytes): the package has 78643201 bytes")"),
              std::string::npos)
        << answer;
}

}  // namespace

}  // namespace hotcell::api
