// Signatures against answers that FC's own clients give (their signers, run once with these inputs), and what must be refused.
#include <gtest/gtest.h>

#include "engine/api/signing/digest.h"
#include "engine/api/signing/verify.h"
#include "engine/api/wire/base64.h"

namespace hotcell::api::signing {

namespace {

constexpr std::int64_t kNow = 1'795'751'610;  // Fri, 27 Nov 2026 03:53:30 GMT
constexpr const char* kDate = "Fri, 27 Nov 2026 03:53:30 GMT";

class Signatures : public ::testing::Test {
protected:
    Signatures() {
        EXPECT_TRUE(
            keys_.add_lines("# a comment\nakid a-secret-of-letters\n\n"
                            "STS.short another-secret-of-letters  the-token\r\n"));
    }
    /// The code of the refusal, or the id of the key.
    std::string judge(const Head& head, std::int64_t now = kNow) {
        const auto proof = verify(head, keys_, now, true);
        if (!proof) words_ = proof.error().message();
        return proof ? proof->key : proof.error().code;
    }
    static Head get(std::string_view path, std::string_view authorization, std::string_view query = "") {
        return {"GET", path, query, {{"date", kDate}, {"authorization", authorization}}};
    }

    KeyRing keys_;
    std::string words_;
};

Head of_a_node_client() {
    return {"POST",
            "/2016-08-15/services",
            "",
            {{"date", kDate},
             {"content-type", "application/json"},
             {"content-md5", "ZDQxZA=="},
             {"x-fc-trace-id", "t"},
             {"x-fc-account-id", "1234"},
             {"user-agent", "Node.js"},
             {"authorization", "FC akid:IHx+ymW3VyPTF9yX42HZktzaUf5HmEqF3kahiIyURC4="}}};
}

constexpr const char* kAcsHash = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";

Head of_a_2021_client() {
    return {"PUT",
            "/2021-04-06/services/demo%20x",
            "qualifier=prod&prefix=a%20b~*",
            {{"host", "127.0.0.1:8000"},
             {"x-acs-version", "2021-04-06"},
             {"x-acs-action", "UpdateService"},
             {"x-acs-date", "2026-11-27T03:53:30Z"},
             {"x-acs-signature-nonce", "n-1"},
             {"content-type", "application/json; charset=utf-8"},
             {"x-acs-content-sha256", kAcsHash},
             {"authorization",
              "ACS3-HMAC-SHA256 Credential=akid,SignedHeaders=content-type;host;x-acs-action;x-acs-content-sha256;"
              "x-acs-date;x-acs-signature-nonce;x-acs-version,"
              "Signature=6d0c729695292419d1c37915c6fac66fdf9a5f0bc43882920bbffec3e0e09eff"}}};
}

void set(Head& head, std::string_view name, std::string_view value) {
    for (auto& [key, old] : head.headers)
        if (key == name) old = value;
}

TEST_F(Signatures, OfTheNodeClientIsRight) { EXPECT_EQ(judge(of_a_node_client()), "akid"); }

TEST_F(Signatures, OfTheNodeClientCoversTheQueryOfHttpFunctions) {
    const char* authorization = "FC akid:d5GHTBV2CGmgl9QMYHM+Jwep3azSuSnOE3RHdR7ZhcE=";
    EXPECT_EQ(judge(get("/2016-08-15/proxy/s/f/a%20b", authorization, "b=2%203&a=y&a=x")), "akid");
    EXPECT_EQ(judge(get("/2016-08-15/proxy/s/f/a%20b", authorization, "a=x&b=2+3&a=y")), "akid");
    EXPECT_EQ(judge(get("/2016-08-15/proxy/s/f/a%20b", authorization, "b=2%203&a=y")), "SignatureNotMatch");
}

TEST_F(Signatures, OfTheNodeClientEndsWithALineFeedWhereAnHttpFunctionHasNoQuery) {
    EXPECT_EQ(judge(get("/2016-08-15/proxy/s/f/", "FC akid:VfruV0BULBlM5jawnmE4pwvHg75FJL6NnKFzaXH77sA=")), "akid");
}

TEST_F(Signatures, OfTheNodeClientCoversAnEscapedPathAsItIsSent) {
    EXPECT_EQ(
        judge(get("/2016-08-15/layerarn/acs%3Afc%3Ar%3Aa", "FC akid:LMi0QY7VyjHwDyUUxNtwapClBxjZcAs32xr8bEDWj1g=")),
        "akid");
}

TEST_F(Signatures, OfTheGoClientsUrlsAreRight) {
    const Head head{"GET",
                    "/2016-08-15/proxy/service/func/",
                    "x-fc-access-key-id=akid&x-fc-expires=1583339600&x-fc-security-token=stsToken",
                    {}};
    // the secret of that client's own test is shorter than a key's may be
    EXPECT_EQ(base64(hmac_sha256("akSec", fc_string(head, "1583339600", head.path, true))),
              "Yi0jCBQ6cTZc+tN8wtYUz9FbYNijx5jDiE3sVNW6XwA=");
}

TEST_F(Signatures, Of2021ClientsAreRight) {
    EXPECT_EQ(judge(of_a_2021_client()), "akid");
    const auto proof = verify(of_a_2021_client(), keys_, kNow, false);
    ASSERT_TRUE(proof);
    EXPECT_TRUE(proof->body.check("{\"a\":1}"));
    EXPECT_EQ(proof->body.check("{\"a\":2}").error().code, "InvalidArgument");
}

TEST_F(Signatures, CoverWhatTheySay) {
    for (const auto& [name, value] : {std::pair("content-type", "text/plain"), std::pair("content-md5", ""),
                                      std::pair("x-fc-account-id", "1235"), std::pair("x-fc-trace-id", "")}) {
        Head head = of_a_node_client();
        set(head, name, value);
        EXPECT_EQ(judge(head), "SignatureNotMatch") << name;
    }
    Head head = of_a_node_client();
    head.method = "PUT";
    EXPECT_EQ(judge(head), "SignatureNotMatch");
    head = of_a_node_client();
    head.path = "/2016-08-15/services/x";
    EXPECT_EQ(judge(head), "SignatureNotMatch");
    head = of_a_node_client();
    head.headers.emplace_back("x-fc-invocation-type", "Async");
    EXPECT_EQ(judge(head), "SignatureNotMatch");
    for (const auto& [name, value] :
         {std::pair("host", "127.0.0.1:8001"), std::pair("x-acs-action", "DeleteService"),
          std::pair("content-type", "text/plain"), std::pair("x-acs-content-sha256", "00")}) {
        Head acs = of_a_2021_client();
        set(acs, name, value);
        EXPECT_EQ(judge(acs), "SignatureNotMatch") << name;
    }
    head = of_a_2021_client();
    head.query = "prefix=a%20b~*";
    EXPECT_EQ(judge(head), "SignatureNotMatch");
}

TEST_F(Signatures, ShowTheStringToSignWhenAsked) {
    Head head = of_a_node_client();
    head.path = "/2016-08-15/services/a%20b";
    EXPECT_EQ(judge(head), "SignatureNotMatch");
    EXPECT_NE(words_.find("POST\nZDQxZA==\napplication/json\nFri, 27 Nov 2026 03:53:30 GMT\nx-fc-account-id:1234\n"
                          "x-fc-trace-id:t\n/2016-08-15/services/a b"),
              std::string::npos)
        << words_;
    const auto quiet = verify(head, keys_, kNow, false);
    ASSERT_FALSE(quiet);
    EXPECT_EQ(quiet.error().message().find("a b"), std::string::npos);
}

TEST_F(Signatures, AreRefusedWithAnotherKeyOrToken) {
    Head head = of_a_node_client();
    set(head, "authorization", "FC nobody:IHx+ymW3VyPTF9yX42HZktzaUf5HmEqF3kahiIyURC4=");
    EXPECT_EQ(judge(head), "InvalidAccessKeyID");
    EXPECT_NE(words_.find("invalid access key ID 'nobody'"), std::string::npos) << words_;
    head.headers.emplace_back("x-fc-security-token", "another");
    for (const char* words : {"FC STS.short:x", "FC akid:x"}) {
        set(head, "authorization", words);
        EXPECT_EQ(judge(head), "AccessDenied") << words;
    }
    set(head, "x-fc-security-token", "the-token");
    set(head, "authorization", "FC STS.short:x");
    EXPECT_EQ(judge(head), "SignatureNotMatch");
}

TEST_F(Signatures, HoldFifteenMinutesEitherWay) {
    EXPECT_EQ(judge(of_a_node_client(), kNow + kMostSkew), "akid");
    EXPECT_EQ(judge(of_a_node_client(), kNow - kMostSkew), "akid");
    EXPECT_EQ(judge(of_a_node_client(), kNow + kMostSkew + 1), "RequestTimeTooSkewed");
    EXPECT_EQ(words_,
              "the difference between the request time 'Fri, 27 Nov 2026 03:53:30 GMT' and the current time "
              "'Fri, 27 Nov 2026 04:08:31 GMT' is too large");
    EXPECT_EQ(judge(of_a_2021_client(), kNow - kMostSkew - 1), "RequestTimeTooSkewed");
}

TEST_F(Signatures, NeedADate) {
    EXPECT_EQ(judge({"GET", "/", "", {{"authorization", "FC akid:x"}}}), "MissingRequiredHeader");
    EXPECT_EQ(judge({"GET", "/", "", {{"authorization", "FC akid:x"}, {"date", "yesterday"}}}), "InvalidArgument");
    EXPECT_EQ(judge({"GET", "/", "", {{"authorization", "FC akid"}, {"date", kDate}}}), "InvalidArgument");
    EXPECT_EQ(judge({"GET", "/", "", {{"authorization", "ACS3-HMAC-SHA256 Credential=akid"}}}), "InvalidArgument");
}

TEST_F(Signatures, MustCoverEveryHeaderOfTheirProtocol) {
    Head head = of_a_2021_client();
    head.headers.emplace_back("x-acs-security-token", "");
    EXPECT_EQ(judge(head), "InvalidArgument");
    head = of_a_2021_client();
    std::erase_if(head.headers, [](const auto& header) { return header.first == "x-acs-content-sha256"; });
    EXPECT_EQ(judge(head), "MissingRequiredHeader");
}

TEST_F(Signatures, AreRefusedWhereAHeaderIsRepeated) {
    for (const char* name : {"date", "x-fc-account-id", "authorization", "content-md5"}) {
        Head head = of_a_node_client();
        head.headers.emplace_back(name, "");
        EXPECT_EQ(judge(head), "InvalidArgument") << name;
    }
}

TEST_F(Signatures, OfLinksHoldUntilTheyExpireForTheirPathOnly) {
    const auto query = query_signature(keys_.own(), "/v1/code/a%20b", kNow + 60).substr(1);
    EXPECT_EQ(judge({"GET", "/v1/code/a%20b", query, {}}), keys_.own().id);
    EXPECT_EQ(judge({"GET", "/v1/code/a%20b", query, {}}, kNow + 61), "AccessDenied");
    EXPECT_EQ(judge({"GET", "/v1/code/other", query, {}}), "SignatureNotMatch");
    EXPECT_EQ(judge({"DELETE", "/v1/code/a%20b", query, {}}), "SignatureNotMatch");
    EXPECT_EQ(judge({"GET", "/v1/code/a%20b", query + "&more=1", {}}), "SignatureNotMatch");
    const KeyRing other;
    EXPECT_FALSE(verify({"GET", "/v1/code/a%20b", query, {}}, other, kNow, false));
}

TEST(BodyDigest, IsLookedAtInTheFormsThatClientsSend) {
    KeyRing keys;
    ASSERT_TRUE(keys.add_lines("akid a-secret-of-letters"));
    const auto digest = [&](std::string_view md5_header) {
        Head head{"POST", "/", "", {{"date", kDate}, {"content-md5", md5_header}}};
        const auto text = fc_string(head, kDate, "/", false);
        const auto authorization = "FC akid:" + base64(hmac_sha256("a-secret-of-letters", text));
        head.headers.emplace_back("authorization", authorization);
        const auto proof = verify(head, keys, kNow, true);
        EXPECT_TRUE(proof) << proof.error().message();
        return proof ? proof->body : BodyDigest{};
    };
    for (const char* form : {"XUFAKrxLKna5cZ2REBfFkg==", "NWQ0MTQwMmFiYzRiMmE3NmI5NzE5ZDkxMTAxN2M1OTI=",
                             "5d41402abc4b2a76b9719d911017c592"}) {
        EXPECT_TRUE(digest(form).check("hello")) << form;
        EXPECT_FALSE(digest(form).check("hellp")) << form;
    }
    for (const char* form : {"", "nonsense", "ZDQxZA=="}) EXPECT_TRUE(digest(form).check("anything")) << form;
}

TEST(KeyRing, RefusesLinesThatAreNoKeys) {
    for (const char* line :
         {"alone", "a b c d", "id short", "i/d a-secret-of-letters", "hotcell-links a-secret-of-letters",
          "a a-secret-of-letters\na another-secret-of-letters"}) {
        KeyRing keys;
        const auto added = keys.add_lines(line);
        ASSERT_FALSE(added) << line;
        EXPECT_TRUE(added.error().message().starts_with("line ")) << added.error().message();
        EXPECT_EQ(added.error().message().find("secret-of"), std::string::npos) << added.error().message();
    }
}

TEST(ParseTime, KnowsTwoForms) {
    EXPECT_EQ(parse_time(kDate), kNow);
    EXPECT_EQ(parse_time("2026-11-27T03:53:30Z"), kNow);
    for (const char* text :
         {"", "now", "Fri, 27 Nov 2026 03:53:30", "2026-11-27", "1795751610", "Fri, 27 Nov 2026 03:53:30 GMT "})
        EXPECT_EQ(parse_time(text), -1) << text;
}

}  // namespace

}  // namespace hotcell::api::signing
