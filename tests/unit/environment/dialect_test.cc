// The head of an HTTP answer as a program writes it for FC's runtime API: taken as it is meant, or not at all.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>

#include "engine/environment/runtime_api/dialect.h"

namespace hotcell::environment {
namespace {

std::string base64(const std::string& bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    text.resize(static_cast<std::size_t>(::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                           reinterpret_cast<const unsigned char*>(bytes.data()),
                                                           static_cast<int>(bytes.size()))));
    return text;
}

TEST(HttpParams, AnAnswersHeadIsRead) {
    const auto answer =
        http_answer_of(base64(R"({"status":201,"headersMap":{"X-Mine":["a","b"],"Content-Type":"text/plain"}})"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 201u);
    EXPECT_EQ(answer->headers.at("x-mine"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(answer->headers.at("content-type"), std::vector<std::string>{"text/plain"});
}

TEST(HttpParams, WhatWouldBreakAClientsConnectionIsRefused) {
    for (const char* text :
         {R"({"status":101})", R"({"status":99999})", R"({"status":"200"})", R"([1])", "{",
          R"({"headersMap":{"A":["b\r\nInjected: yes"]}})", R"({"headersMap":{"A: b\r\nC":["d"]}})",
          R"({"headersMap":{"":["d"]}})", R"({"headersMap":{"A":[1]}})", R"({"headersMap":[[[[[[[[[[[1]]]]]]]]]]]})"})
        EXPECT_FALSE(http_answer_of(base64(text))) << text;
    for (const char* text : {"", "a", "====", "!!!!", "e30"}) EXPECT_FALSE(http_answer_of(text)) << text;
}

TEST(HttpParams, ACallsHeadIsBase64OfJson) {
    HttpCall call;
    call.method = "GET";
    call.path = "/a";
    call.headers = {{"x-mine", {"1"}}};
    EXPECT_EQ(http_params_of(call),
              base64(R"({"path":"/a","method":"GET","requestURI":"","clientIP":"","host":"","queriesMap":{},)"
                     R"("headersMap":{"X-Mine":["1"]}})"));
}

TEST(Dialects, AreToldByTheirPaths) {
    EXPECT_EQ(dialect_of("/2020-11-11/runtime/invocation/next"), &kFunctionCompute);
    EXPECT_EQ(dialect_of("/2018-06-01/runtime/init/error"), &kLambda);
    EXPECT_EQ(dialect_of("/2018-06-01/"), nullptr);
    EXPECT_EQ(dialect_of(""), nullptr);
}

}  // namespace
}  // namespace hotcell::environment
