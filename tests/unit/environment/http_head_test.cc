// The head of an HTTP answer, as a hostile program may send it.
#include "engine/environment/channel/http_head.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstring>

#include "engine/protocol/channel.h"

namespace hotcell::environment {
namespace {

std::string payload(const std::string& document, const std::string& body = {}) {
    const hc_http_head head{static_cast<std::uint32_t>(document.size())};
    return std::string(reinterpret_cast<const char*>(&head), sizeof head) + document + body;
}

TEST(HttpHead, IsTakenOffTheBody) {
    std::string bytes =
        payload(R"({"status": 201, "headers": {"X-Two": ["1", "2"], "a": ["h\u00e9\tb"], "none": []}})", "body");
    const auto answer = take_http_head(bytes);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 201u);
    EXPECT_EQ(answer->headers, (HttpHeaders{{"x-two", {"1", "2"}}, {"a", {"h\u00e9\tb"}}}));
    EXPECT_EQ(bytes, "body");
}

TEST(HttpHead, RefusesWhatIsNone) {
    const std::vector<std::string> heads = {
        "",
        std::string("\0\0", 2),
        std::string("\xff\xff\xff\xff{}", 6),
        payload(""),
        payload("[]"),
        payload("{}"),
        payload(R"({"status": 200})"),
        payload(R"({"status": "200", "headers": {}})"),
        payload(R"({"status": 99, "headers": {}})"),
        payload(R"({"status": 100, "headers": {}})"),
        payload(R"({"status": 600, "headers": {}})"),
        payload(R"({"status": 200.5, "headers": {}})"),
        payload(R"({"status": -200, "headers": {}})"),
        payload(R"({"status": 200, "headers": []})"),
        payload(R"({"status": 200, "headers": {"a": "b"}})"),
        payload(R"({"status": 200, "headers": {"a": [1]}})"),
        payload(R"({"status": 200, "headers": {"": ["b"]}})"),
        payload(R"({"status": 200, "headers": {"a b": ["b"]}})"),
        payload(R"({"status": 200, "headers": {"a:": ["b"]}})"),
        payload("{\"status\": 200, \"headers\": {\"h\u00e9\": [\"b\"]}}"),
        payload(R"({"status": 200, "headers": {"a": ["b\r\nc: d"]}})"),
        payload(R"({"status": 200, "headers": {"a": ["\u0000"]}})"),
        payload(R"({"status": 200, "headers": {"a": ["\u007f"]}})"),
        payload("{\"status\": 200, \"headers\": {\"a\": [\"\xff\"]}}"),
        payload(R"({"status": 200, "headers": {"a": [["b"]]}})"),
        payload(R"({"status": 200, "headers": {}} x)"),
    };
    for (std::string bytes : heads) {
        const std::string sent = bytes;
        const auto answer = take_http_head(bytes);
        EXPECT_FALSE(answer) << sent;
        EXPECT_EQ(answer ? "" : answer.error().code, "BadResponse");
    }
}

TEST(HttpHead, BoundsHeadersAndTheirDocument) {
    const auto of_size = [](std::size_t size) {
        return payload(R"({"status": 200, "headers": {"abcd": [")" + std::string(size - 4, 'x') + R"("]}})");
    };
    std::string most = of_size(kMostHttpHeaders), more = of_size(kMostHttpHeaders + 1);
    EXPECT_TRUE(take_http_head(most));
    EXPECT_NE(take_http_head(more).error().doing.find("exceed the maximum allowed size (8192 bytes)"),
              std::string::npos);
    std::string spaces = payload(R"({"status": 200, "headers": {)" + std::string(kMostHttpDocument, ' ') + "}}");
    EXPECT_FALSE(take_http_head(spaces));
    std::string many = R"({"status": 200, "headers": {"a": [)";
    for (int i = 0; i < 5000; ++i) many += R"("x",)";
    many = payload(many + R"("x"]}})");
    EXPECT_FALSE(take_http_head(many)) << "the name counts with each of its values";
}

TEST(HttpHead, EncodesACallAsJsonWhateverBytesItHas) {
    HttpCall call;
    call.method = "GET";
    call.path = "/\xff\"";
    call.headers["x-raw"] = {"h\xc3\xa9", "\xe9"};
    call.queries["\n"] = {"\x01"};
    const auto value = boost::json::parse("{\"a\":1" + encode_http(call) + "}").at("http");
    EXPECT_EQ(value.at("path").as_string(), "/\u00ff\"");
    EXPECT_EQ(boost::json::serialize(value.at("headers")), "{\"x-raw\":[\"h\u00e9\",\"\u00e9\"]}");
    EXPECT_EQ(boost::json::serialize(value.at("queries")), R"({"\n":["\u0001"]})");
}

}  // namespace
}  // namespace hotcell::environment
