// The commands of releases, triggers, layers and plans, over a catalog in memory.
#include "tests/api/command_line.h"

#define EXPECT_HAS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

namespace hotcell::api {

namespace {

class ReleaseCommandLine : public CommandLineTest {
protected:
    void SetUp() override {
        start();
        write_file("code/index.py", "def handler(event, context): return event\n");
        deploy_ = "deploy img/resize --runtime python3 --handler index.handler --code " + directory_ + "/code";
    }
    std::string deploy_;
};

TEST_F(ReleaseCommandLine, ShowsAPlanAndDoesNothing) {
    auto planned = hotcell(deploy_ + " --dry-run --memory 256");
    EXPECT_EQ(planned.status, 0) << planned.err;
    EXPECT_HAS(planned.out, "+ create service img\n+ create function img/resize\n");
    EXPECT_HAS(planned.out, "    memorySize:  -> 256\n");
    EXPECT_EQ(catalog_.services(), 0u);
    ASSERT_EQ(hotcell(deploy_).status, 0);
    EXPECT_EQ(hotcell(deploy_ + " --dry-run").out, "= unchanged function img/resize\n");
    write_file("code/index.py", "def handler(event, context): return b''\n");
    planned = hotcell(deploy_ + " --dry-run --timeout 9 -o json");
    EXPECT_HAS(planned.out, R"({"target":"img/resize","action":"change","createsService":false,"fields":[)");
    EXPECT_HAS(planned.out, R"({"name":"timeout","from":3,"to":9})");
    EXPECT_HAS(planned.out, R"({"name":"code","from":)");
    EXPECT_EQ(catalog_.get_function("img", "resize", "")->settings.timeout_s, 3u);
}

TEST_F(ReleaseCommandLine, PublishesAndPointsAnAliasAtIt) {
    const auto told = hotcell(deploy_ + " --publish --alias prod --description first");
    EXPECT_EQ(told.status, 0) << told.err;
    EXPECT_HAS(told.out, "published img: version 1\nimg/prod: version 1\n");
    EXPECT_EQ(hotcell("version publish img --description second").out, "published img: version 2\n");
    const auto versions = hotcell("version ls img").out;
    EXPECT_HAS(versions, "2        second");
    EXPECT_HAS(hotcell("version ls img -o json").out, R"([{"versionId":"2","description":"second")");
    EXPECT_EQ(hotcell("version rm img 2").status, 0);
    EXPECT_EQ(hotcell("version rm img 2").status, 4);
    EXPECT_HAS(hotcell("version").out, "hotcell");
}

TEST_F(ReleaseCommandLine, ReleasesByAlias) {
    ASSERT_EQ(hotcell(deploy_ + " --publish --alias prod").status, 0);
    ASSERT_EQ(hotcell("version publish img").status, 0);
    EXPECT_EQ(hotcell("alias set img/prod --version 2 --weight 10").out, "img/prod: version 1, 10 % to version 2\n");
    EXPECT_HAS(hotcell("alias ls img").out, "prod   1        10 % to version 2  ");
    EXPECT_EQ(hotcell("alias rollback img/prod").out, "img/prod: version 1\n");
    EXPECT_EQ(hotcell("alias promote img/prod").status, 5);
    EXPECT_EQ(hotcell("alias set img/prod --version 2 --weight 10").status, 0);
    EXPECT_EQ(hotcell("alias promote img/prod").out, "img/prod: version 2\n");
    EXPECT_EQ(hotcell("alias rollback img/prod").out, "img/prod: version 1\n");
    const auto refused = hotcell("alias rollback img/prod");
    EXPECT_EQ(refused.status, 5);
    EXPECT_HAS(refused.err, "there is no version before 1");
    const auto missing = hotcell("alias set img/other --version 1 --weight 10");
    EXPECT_EQ(missing.status, 4);
    EXPECT_HAS(missing.err, "make it without --weight first");
    EXPECT_EQ(hotcell("alias set img --version 1").status, 2);
    EXPECT_EQ(hotcell("alias set img/prod --version 9").status, 0) << "the engine judges versions";
    EXPECT_EQ(hotcell("alias rm img/prod").status, 0);
    EXPECT_EQ(hotcell("alias rm img/prod").status, 4);
}

TEST_F(ReleaseCommandLine, KeepsTriggersAndLayers) {
    ASSERT_EQ(hotcell(deploy_).status, 0);
    EXPECT_HAS(hotcell("trigger create img/resize@prod web --methods GET,PUT --auth function").out,
               "created web: http://");
    EXPECT_HAS(hotcell("trigger ls img/resize").out, "/2016-08-15/proxy/img.prod/resize/");
    EXPECT_HAS(hotcell("trigger ls img/resize -o json").out, R"("methods":["GET","PUT"])");
    EXPECT_EQ(hotcell("trigger rm img/resize web").status, 0);
    EXPECT_EQ(hotcell("trigger rm img/resize web").status, 4);
    const auto publish = "layer publish tools --runtime python3 --code " + directory_ + "/code";
    EXPECT_HAS(hotcell(publish).out, "published tools: version 1, acs:fc:local:0:layers/tools/versions/1");
    EXPECT_EQ(hotcell(publish).status, 0);
    EXPECT_HAS(hotcell("layer ls").out, "tools  2");
    EXPECT_HAS(hotcell("layer ls tools").out, "acs:fc:local:0:layers/tools/versions/1");
    EXPECT_EQ(hotcell("layer rm tools 1").status, 0);
    EXPECT_EQ(hotcell("layer rm tools 1").status, 4);
}

}  // namespace

}  // namespace hotcell::api
