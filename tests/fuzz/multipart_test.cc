// The form parser and the judge of heads on two hundred thousand broken inputs.
#include <gtest/gtest.h>

#include "engine/api/wire/request_head.h"
#include "tests/fuzz/mutate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hotcell::api {

namespace {

TEST(MultipartFuzz, HoldsItsInvariants) {
    const std::string part = "--b\r\nContent-Disposition: form-data; name=\"program\"; filename=\"x\"\r\n\r\nabc\r\n";
    mutate_and_try({"b\n" + part + "--b--\r\n", "b\n" + part + part + "--b--", "multipart/form-data; boundary=\"b\"\n"},
                   {"--b", "\r\n", "--", "\"", ";", "name=", "\r\n\r\n", "Content-Disposition: form-data", "="},
                   200'000, LLVMFuzzerTestOneInput);
}

/// Counts what an HTTP library that takes every line feed for an end of line would see as framing headers.
std::size_t framing_lines(std::string_view head) {
    std::size_t seen = 0;
    for (const std::string_view name : {"\nContent-Length:", "\nTransfer-Encoding:"})
        for (auto at = head.find(name); at != std::string_view::npos; at = head.find(name, at + 1)) ++seen;
    return seen;
}

TEST(RequestHeadFuzz, NeverAcceptsTwoFramings) {
    const std::string good = "POST /v1/run HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n";
    unsigned accepted = 0;
    mutate_and_try({good, "GET / HTTP/1.0\r\n\r\n", "POST / HTTP/1.1\r\nHost: y\r\nTransfer-Encoding: chunked\r\n\r\n"},
                   {"\r\n", "\n", "\r", "Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n", " ", "\t", ":"},
                   200'000, [&](const std::uint8_t* data, std::size_t size) {
                       const std::string_view head(reinterpret_cast<const char*>(data), size);
                       if (judge_head(head)) return;
                       ++accepted;
                       ASSERT_LE(framing_lines(head), 1u) << head;
                       ASSERT_EQ(head.find("\r\n\r\n"), size - 4) << head;
                   });
    EXPECT_GT(accepted, 1'000u);  // the generator does reach the accepting paths
}

}  // namespace

}  // namespace hotcell::api
