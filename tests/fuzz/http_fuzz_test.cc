// The HTTP parser's fuzz target on mutated messages.
#include <gtest/gtest.h>

#include <string>

#include "tests/fuzz/mutate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hotcell {
namespace {

TEST(HttpFuzz, HoldsItsInvariants) {
    mutate_and_try(
        {"\x01HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
         "\x07HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nX-Fc-Status: 404\r\n\r\n5\r\nhello\r\n0\r\nA: "
         "b\r\n\r\n",
         "\x02HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nabc",
         "\x20POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok",
         "\x03GET /2020-11-11/runtime/invocation/next HTTP/1.1\r\nConnection: close\r\n\r\n"},
        {"\r\n", "\r\n\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFF\r\n",
         "0\r\n\r\n", ": ", "HTTP/1.1 ", "Connection: close\r\n", std::string(300, 'a'), std::string(9000, ';'), "\n",
         "\t", ";a=\"\"", std::string(1, '\0')},
        60'000, LLVMFuzzerTestOneInput);
}

}  // namespace
}  // namespace hotcell
