// The routes of versions, aliases, triggers, layers, tags and configurations, in both trees, over a catalog in memory.
#include <gtest/gtest.h>

#include "engine/api/wire/base64.h"
#include "engine/api/wire/utf8.h"
#include "tests/api/server_fixture.h"

#define EXPECT_HAS(answer, words) EXPECT_NE((answer).find(words), std::string::npos) << (answer)
#define EXPECT_LACKS(answer, words) EXPECT_EQ((answer).find(words), std::string::npos) << (answer)
#define EXPECT_STATUS(answer, status) EXPECT_TRUE((answer).starts_with("HTTP/1.1 " status)) << (answer)

namespace hotcell::api {

namespace {

class ResourceRoutes : public ServerTest {
protected:
    void SetUp() override {
        start();
        client_ = std::make_unique<RawClient>(path_);
        ask("POST", "/services", R"({"serviceName":"img"})");
        ask("POST", "/services/img/functions",
            R"({"functionName":"f","runtime":"python3","handler":"i.h","code":{"zipFile":"UEs="}})");
    }
    void TearDown() override {
        client_.reset();
        ServerTest::TearDown();
    }
    /// In the tree `tree_`, or of a whole path.
    std::string ask(const std::string& method, const std::string& target, const std::string& body = "",
                    const std::string& more = "") {
        client_->send(request(method, target.starts_with("/v1/") ? target : tree_ + target, body, more));
        return client_->read_answer();
    }
    static std::string between(const std::string& answer, const std::string& before, const std::string& after) {
        const auto from = answer.find(before) + before.size();
        return answer.substr(from, answer.find(after, from) - from);
    }

    std::string tree_ = "/2016-08-15";
    std::unique_ptr<RawClient> client_;
};

TEST_F(ResourceRoutes, PublishesAndListsVersions) {
    auto answer = ask("POST", "/services/img/versions", R"({"description":"first"})");
    EXPECT_STATUS(answer, "200");
    EXPECT_HAS(answer, R"({"versionId":"1","description":"first","createdTime":"2016-11-02T08:00:00.000Z")");
    EXPECT_STATUS(ask("POST", "/services/img/versions"), "200");
    tree_ = "/2021-04-06";
    EXPECT_STATUS(ask("POST", "/services/img/versions", "{}"), "200");
    answer = ask("GET", "/services/img/versions?limit=2");
    EXPECT_HAS(answer, R"({"versions":[{"versionId":"3",)");
    EXPECT_HAS(answer, R"("nextToken":"1","direction":"BACKWARD"})");
    answer = ask("GET", "/services/img/versions?direction=FORWARD&startKey=2");
    EXPECT_HAS(answer, R"({"versions":[{"versionId":"2",)");
    EXPECT_HAS(answer, R"("direction":"FORWARD"})");
    EXPECT_LACKS(answer, "nextToken");
    EXPECT_STATUS(ask("DELETE", "/services/img/versions/1"), "204");
    answer = ask("DELETE", "/services/img/versions/1");
    EXPECT_STATUS(answer, "404");
    EXPECT_HAS(answer, "VersionNotFound");
    EXPECT_HAS(ask("POST", "/services/img/versions"), R"("versionId":"4")");
    EXPECT_STATUS(ask("POST", "/services/img/versions", "{}", "If-Match: old\r\n"), "412");
}

TEST_F(ResourceRoutes, ReadsQualifiersInThePathAndInTheQuery) {
    ask("POST", "/services/img/versions");
    ask("POST", "/services/img/aliases", R"({"aliasName":"prod","versionId":"1"})");
    for (const char* tree : {"/2016-08-15", "/2021-04-06"}) {
        tree_ = tree;
        for (const char* of : {"/services/img.1", "/services/img.prod", "/services/img.LATEST",
                               "/services/img?qualifier=1", "/services/img?qualifier=prod",
                               "/services/img.prod?qualifier=prod", "/services/img/functions?qualifier=1",
                               "/services/img.1/functions/f", "/services/img/functions/f?qualifier=prod"})
            EXPECT_STATUS(ask("GET", of), "200") << tree << of;
        EXPECT_HAS(ask("GET", "/services/img/functions/f?qualifier=7"), "VersionNotFound");
        ask("POST", "/services/img/functions/f/invocations?qualifier=prod", "e");
        ask("POST", "/services/img.prod/functions/f/invocations", "e");
    }
    for (const auto& call : calls_.calls()) EXPECT_EQ(call.qualifier, "prod");
    EXPECT_EQ(calls_.calls().size(), 4u);
    for (const char* change : {"/services/img.1", "/services/img?qualifier=prod", "/services/img.1/functions/f"})
        EXPECT_HAS(ask("PUT", change, "{}"), "only LATEST can be changed");
}

TEST_F(ResourceRoutes, RefusesNamesThatAreNotUtf8) {
    for (const char* path :
         {"/layerarn/%86x", "/layers/%86x/versions/1", "/services/%ff", "/services/img/aliases/%c3"}) {
        const auto answer = ask("GET", path);
        EXPECT_STATUS(answer, "400");
        EXPECT_HAS(answer, R"("ErrorCode":"InvalidArgument")");
        EXPECT_TRUE(is_utf8(answer)) << path;
    }
}

TEST_F(ResourceRoutes, KeepsAliases) {
    for (int i = 0; i < 2; ++i) ask("POST", "/services/img/versions");
    auto answer = ask("POST", "/services/img/aliases",
                      R"({"aliasName":"prod","versionId":"1","description":"d","additionalVersionWeight":{"2":0.1}})");
    EXPECT_STATUS(answer, "200");
    for (const char* member : {R"("aliasName":"prod")", R"("versionId":"1")", R"("description":"d")",
                               R"("resolvePolicy":"Random")", R"("routePolicy":null)"})
        EXPECT_HAS(answer, member);
    EXPECT_HAS(answer, R"("additionalVersionWeight":{"2":1E-1})");
    const auto etag = between(answer, "ETag: ", "\r\n");
    EXPECT_STATUS(ask("PUT", "/services/img/aliases/prod", R"({"versionId":"2"})", "If-Match: other\r\n"), "412");
    answer = ask("PUT", "/services/img/aliases/prod", R"({"versionId":"2"})", "If-Match: " + etag + "\r\n");
    EXPECT_HAS(answer, R"("versionId":"2","description":"d","additionalVersionWeight":{"2":1E-1})");
    answer = ask("PUT", "/services/img/aliases/prod", R"({"additionalVersionWeight":null})");
    EXPECT_HAS(answer, R"("additionalVersionWeight":null)");
    EXPECT_HAS(ask("PUT", "/services/img/aliases/prod", R"({"additionalVersionWeight":{}})"), R"(Weight":null)");
    EXPECT_HAS(ask("GET", "/services/img/aliases"), R"({"aliases":[{"aliasName":"prod")");
    EXPECT_STATUS(ask("POST", "/services/img/aliases", R"({"aliasName":"prod","versionId":"1"})"), "409");
    EXPECT_STATUS(ask("POST", "/services/img/aliases", R"({"aliasName":"x","versionId":"9"})"), "404");
    EXPECT_STATUS(ask("DELETE", "/services/img/aliases/prod"), "204");
    EXPECT_HAS(ask("GET", "/services/img/aliases/prod"), "alias 'prod' of service 'img' does not exist");
}

TEST_F(ResourceRoutes, WritesTriggersAsEachTreeHasThem) {
    const std::string triggers = "/services/img/functions/f/triggers";
    auto answer = ask("POST", triggers, R"({"triggerName":"t","triggerType":"http","sourceArn":null,
                      "triggerConfig":{"authType":"ANONYMOUS","methods":["GET","POST"]},"qualifier":"prod"})");
    EXPECT_STATUS(answer, "200");
    for (const char* member : {R"("triggerConfig":{"authType":"anonymous","methods":["GET","POST"],"authConfig":null)",
                               R"("sourceArn":null)", R"("targetArn":"acs:fc:local:0:services/img.prod/functions/f")",
                               R"("qualifier":"prod")", R"("urlInternet":"http://x/2016-08-15/proxy/img.prod/f/")"})
        EXPECT_HAS(answer, member);
    tree_ = "/2021-04-06";
    EXPECT_HAS(ask("GET", triggers + "/t"), R"("triggerConfig":"{\"authType\":\"anonymous\",\"methods\":[)");
    answer = ask("PUT", triggers + "/t", R"({"triggerConfig":"{\"authType\":\"function\",\"methods\":[\"PUT\"]}"})");
    EXPECT_STATUS(answer, "200");
    tree_ = "/2016-08-15";
    EXPECT_HAS(ask("GET", triggers), R"({"triggers":[{"triggerName":"t")");
    EXPECT_HAS(ask("GET", triggers), R"("triggerConfig":{"authType":"function","methods":["PUT"])");
    EXPECT_STATUS(
        ask("POST", triggers, R"({"triggerName":"t","triggerType":"http","triggerConfig":{"methods":["GET"]}})"),
        "409");
    EXPECT_STATUS(ask("DELETE", triggers + "/t"), "204");
    EXPECT_HAS(ask("GET", triggers + "/t"), "TriggerNotFound");
}

TEST_F(ResourceRoutes, KeepsLayersAndGivesTheirPackages) {
    auto answer = ask("POST", "/layers/tools/versions",
                      R"({"code":{"zipFile":"UEsA"},"description":"d","compatibleRuntime":["python3"]})");
    EXPECT_STATUS(answer, "200");
    for (const char* member :
         {R"("layerName":"tools")", R"("version":1)", R"("codeSize":3)", R"("acl":0)",
          R"("compatibleRuntime":["python3"])", R"("arn":"acs:fc:local:0:layers/tools/versions/1")",
          R"("location":"http://x/v1/packages/layers/tools/versions/1)"})
        EXPECT_HAS(answer, member);
    tree_ = "/2021-04-06";
    EXPECT_HAS(ask("POST", "/layers/tools/versions", R"({"Code":{"zipFile":"UEsA"}})"), R"("version":2)");
    EXPECT_HAS(ask("GET", "/layerarn/acs%3Afc%3Alocal%3A0%3Alayers%2Ftools%2Fversions%2F1"), R"("version":1)");
    EXPECT_STATUS(ask("PUT", "/layers/tools/acl?public=true"), "200");
    EXPECT_HAS(ask("GET", "/layers"), R"({"layers":[{"layerName":"tools","version":2)");
    EXPECT_HAS(ask("GET", "/layers"), R"("acl":1)");
    EXPECT_HAS(ask("GET", "/layers/tools/versions?limit=1"), R"("nextVersion":1})");
    EXPECT_HAS(ask("GET", "/layers/tools/versions?startVersion=1"), R"("nextVersion":null})");
    EXPECT_TRUE(ask("GET", "/v1/packages/layers/tools/versions/2").ends_with(std::string("\r\n\r\nPK\0", 7)));
    EXPECT_STATUS(ask("DELETE", "/layers/tools/versions/1"), "204");
    EXPECT_STATUS(ask("GET", "/layers/tools/versions/1"), "404");
}

TEST_F(ResourceRoutes, SaysWhereAPackageIs) {
    const auto answer = ask("GET", "/services/img/functions/f/code", "", "X-Unused: 1\r\n");
    EXPECT_STATUS(answer, "200");
    EXPECT_HAS(answer, R"("checksum":"18446744073709551615")");
    const auto url = between(answer, R"("url":"http://x)", "\"");
    EXPECT_EQ(url, "/v1/packages/services/img.LATEST/functions/f");
    const auto package = ask("GET", url);
    EXPECT_HAS(package, "Content-Type: application/zip\r\n");
    EXPECT_TRUE(package.ends_with("\r\n\r\nPK"));
    EXPECT_STATUS(ask("GET", "/services/img/functions/other/code"), "404");
}

TEST_F(ResourceRoutes, KeepsTags) {
    ask("POST", "/services", R"({"serviceName":"other"})");
    EXPECT_STATUS(ask("POST", "/tag", R"({"resourceArn":"services/img","tags":{"a":"1","b":"2"}})"), "200");
    EXPECT_STATUS(ask("POST", "/tag", R"({"resourceArn":"acs:fc:cn:1:services/other","tags":{"a":"2"}})"), "200");
    EXPECT_HAS(ask("GET", "/tag?resourceArn=services%2Fimg"),
               R"({"resourceArn":"acs:fc:local:0:services/img","tags":{"a":"1","b":"2"}})");
    EXPECT_HAS(ask("GET", "/services?tag_a=2"), R"({"services":[{"serviceName":"other")");
    EXPECT_LACKS(ask("GET", "/services?tag_a="), R"("services":[])");
    EXPECT_HAS(ask("GET", "/services?tag_a=1&tag_b=3"), R"("services":[])");
    EXPECT_STATUS(ask("DELETE", "/tag", R"({"resourceArn":"services/img","tagKeys":["a"],"all":false})"), "200");
    EXPECT_STATUS(ask("PUT", "/tag"), "400");  // the other tree's
    tree_ = "/2021-04-06";
    EXPECT_HAS(ask("GET", "/tags"), R"({"resources":[{"resourceArn":"acs:fc:local:0:services/img","tags":{"b":"2"}},)");
    EXPECT_STATUS(ask("PUT", "/tag", R"({"resourceArn":"services/img","all":true})"), "200");
    EXPECT_HAS(ask("GET", "/tag?resourceArn=services/img"), R"("tags":{})");
    EXPECT_STATUS(ask("DELETE", "/tag"), "400");
}

TEST_F(ResourceRoutes, KeepsConfigurations) {
    const std::string of = "/services/img.LATEST/functions/f";
    auto answer = ask("PUT", of + "/provision-config", R"x({"target":2,"scheduledActions":[{"name":"a","target":5,
        "startTime":"2020-10-10T10:10:10Z","endTime":"2020-11-10T10:10:10Z","scheduleExpression":"cron(0 */30 * * * *)"}]})x");
    EXPECT_STATUS(answer, "200");
    EXPECT_HAS(answer, R"({"resource":"0#img#LATEST#f","target":2,"current":0,"currentError":"")");
    calls_.provision_ = {.target = 2, .current = 1, .error = "no room"};
    EXPECT_HAS(ask("GET", of + "/provision-config"), R"("target":2,"current":1,"currentError":"no room")");
    answer = ask("PUT", of + "/provision-config", R"({"target":3,"scheduledActions":null})");
    EXPECT_HAS(answer, R"("target":3)");
    EXPECT_HAS(answer, R"("scheduledActions":[{"name":"a")");
    EXPECT_HAS(ask("PUT", of + "/provision-config", R"({"scheduledActions":[]})"), R"("scheduledActions":[])");
    EXPECT_HAS(ask("GET", "/provision-configs?serviceName=img&qualifier=LATEST"),
               R"({"provisionConfigs":[{"resource":)");

    answer = ask("PUT", of + "/on-demand-config", R"({"maximumInstanceCount":7})");
    EXPECT_HAS(answer, R"({"resource":"services/img.LATEST/functions/f","maximumInstanceCount":7})");
    EXPECT_STATUS(ask("PUT", of + "/on-demand-config", R"({"maximumInstanceCount":8})", "If-Match: old\r\n"), "412");
    EXPECT_HAS(ask("GET", "/on-demand-configs"), R"({"configs":[{"resource":"services/img.LATEST/functions/f")");
    EXPECT_STATUS(ask("DELETE", of + "/on-demand-config"), "204");
    EXPECT_HAS(ask("GET", of + "/on-demand-config"), "OnDemandConfigNotFound");

    answer = ask("PUT", of + "/async-invoke-config", R"({"maxAsyncRetryAttempts":1,"statefulInvocation":true,
        "destinationConfig":{"onSuccess":{"destination":"acs:fc:r:a:services/s/functions/g"},"onFailure":{}}})");
    EXPECT_STATUS(answer, "200");
    for (const char* member :
         {R"("service":"img")", R"("function":"f")", R"("qualifier":"LATEST")", R"("onFailure":null)",
          R"("onSuccess":{"destination":"acs:fc:r:a:services/s/functions/g"})", R"("maxAsyncRetryAttempts":1)",
          R"("maxAsyncEventAgeInSeconds":86400)", R"("statefulInvocation":true)"})
        EXPECT_HAS(answer, member);
    EXPECT_HAS(ask("GET", "/services/img/functions/f/async-invoke-configs"), R"(}],"nextToken":""})");
    EXPECT_HAS(ask("GET", "/stateful-async-invocation-functions"),
               R"({"functions":[{"serviceName":"img","functionName":"f","qualifier":"LATEST"}],"nextToken":""})");
    EXPECT_STATUS(ask("DELETE", of + "/async-invoke-config"), "204");
    EXPECT_HAS(ask("GET", "/stateful-async-invocation-functions"), R"({"functions":[],)");
    EXPECT_HAS(ask("GET", of + "/async-invoke-config"), "AsyncConfigNotExists");
}

TEST_F(ResourceRoutes, TellsOfTheAccountAndOfInstances) {
    EXPECT_HAS(ask("GET", "/account-settings"), R"("availableAZs":["local"])");
    EXPECT_HAS(ask("GET", "/accountConfigs?config=CodeSizeLimit"), R"("CodeSizeLimit":"104857600")");
    EXPECT_HAS(ask("GET", "/reservedCapacities"), R"({"reservedCapacities":[]})");
    EXPECT_HAS(ask("GET", "/services/img/tempCodeBucketToken"), "send the package as code.zipFile");
    calls_.instances_ = {{"c-1", "img", "f", "LATEST", "idle", "zygote", 0, 7, mebibytes(20)},
                         {"c-2", "img", "f", "1", "busy", "exec", 0, 1, mebibytes(30)}};
    ask("POST", "/services/img/versions");
    EXPECT_HAS(ask("GET", "/services/img/functions/f/instances"),
               R"({"instances":[{"instanceId":"c-1","versionId":"0"},{"instanceId":"c-2","versionId":"1"}]})");
    EXPECT_HAS(ask("GET", "/services/img.1/functions/f/instances"), R"({"instances":[{"instanceId":"c-2")");
}

TEST_F(ResourceRoutes, ReadsAndWritesEveryMemberOfAService) {
    const std::string settings =
        R"("logConfig":{"project":"p","logstore":"l","enableRequestMetrics":true,"enableInstanceMetrics":true,)"
        R"("logBeginRule":"DefaultRegex"},"vpcConfig":{"vpcId":"v","vSwitchIds":["s1","s2"],"securityGroupId":"g",)"
        R"("role":"r"},"internetAccess":false,"nasConfig":{"userId":7,"groupId":8,"mountPoints":[{"serverAddr":)"
        R"("h:/e","mountDir":"/mnt/a","enableTLS":true}]},"ossMountConfig":{"mountPoints":[{"bucketName":"b",)"
        R"("bucketPath":"/p","endpoint":"http://e","mountDir":"/mnt/b","readOnly":true}]},"tracingConfig":{"type":)"
        R"("Jaeger","params":{"endpoint":"http://j"}})";
    EXPECT_HAS(ask("PUT", "/services/img", "{" + settings + "}"), settings);
    EXPECT_HAS(ask("PUT", "/services/img", R"({"tracingConfig":{}})"),
               R"("tracingConfig":{"type":null,"params":null})");
}

TEST_F(ResourceRoutes, ReadsAndWritesEveryMemberOfAFunction) {
    const auto answer =
        ask("PUT", "/services/img/functions/f",
            R"({"runtime":"custom","cpu":0.35,"diskSize":10240,"InstanceConcurrency":20,"instanceType":"c1",
        "layers":["acs:fc:local:0:layers/a/versions/1"],"caPort":8080,"customRuntimeConfig":{"command":["/code/x"],
        "args":["-v"]},"customHealthCheckConfig":{"httpGetUrl":"/ok","periodSeconds":5},"instanceLifecycleConfig":
        {"preFreeze":{"handler":"i.f","timeout":9},"preStop":{"handler":"i.s"}},"customDNS":{"nameServers":["1.1.1.1"],
        "searches":["x"],"dnsOptions":[{"name":"ndots","value":"2"}]},"asyncConfiguration":{}})");
    EXPECT_STATUS(answer, "200");
    for (
        const char* member :
        {R"("cpu":3.5E-1)", R"("diskSize":10240)", R"("instanceConcurrency":20)", R"("instanceType":"c1")",
         R"("layers":["acs:fc:local:0:layers/a/versions/1"],"layersArnV2":["acs:fc:local:0:layers/a/versions/1"])",
         R"("caPort":8080)", R"("customRuntimeConfig":{"command":["/code/x"],"args":["-v"]})",
         R"("httpGetUrl":"/ok","initialDelaySeconds":0,"periodSeconds":5,"timeoutSeconds":1)",
         R"("instanceLifecycleConfig":{"preFreeze":{"handler":"i.f","timeout":9},"preStop":{"handler":"i.s","timeout":3}})",
         R"("customDNS":{"nameServers":["1.1.1.1"],"searches":["x"],"dnsOptions":[{"name":"ndots","value":"2"}]})"})
        EXPECT_HAS(answer, member);
}

}  // namespace

}  // namespace hotcell::api
