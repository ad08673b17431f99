// HTTP requests on the queue's disk: what goes in comes out, byte by byte.
#include "engine/dispatch/async/http_call.h"

#include <gtest/gtest.h>

namespace hotcell::dispatch::async {
namespace {

HttpCall full_call() {
    HttpCall call;
    call.method = "PUT";
    call.path = "/a\xff\"b\\";
    call.request_uri = "/2016-08-15/proxy/s/f/a?x=1&x=2";
    call.base_path = "/2016-08-15/proxy/s/f/";
    call.host = "localhost:8080";
    call.client_ip = "10.0.0.1";
    call.queries = {{"x", {"1", "2"}}, {"", {""}}};
    call.headers = {{"x-latin", {"h\xe9"}}, {"cookie", {"a=1", "b=\xf0\x9f"}}};
    return call;
}

TEST(HttpCallOnDisk, ComesBackByteByByte) {
    const HttpCall before = full_call();
    const auto after = decode_http(encode_http(before));
    ASSERT_TRUE(after) << after.error().message();
    for (const auto member : {&HttpCall::method, &HttpCall::path, &HttpCall::request_uri, &HttpCall::base_path,
                              &HttpCall::host, &HttpCall::client_ip})
        EXPECT_EQ((*after).*member, before.*member);
    EXPECT_EQ(after->queries, before.queries);
    EXPECT_EQ(after->headers, before.headers);
}

TEST(HttpCallOnDisk, WhatIsNoneIsToldAsSuch) {
    const std::string whole = encode_http(full_call());
    for (const std::string& text : {std::string(), std::string("[]"), std::string("{}"),
                                    whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1)})
        EXPECT_FALSE(decode_http(text)) << text;
}

}  // namespace
}  // namespace hotcell::dispatch::async
