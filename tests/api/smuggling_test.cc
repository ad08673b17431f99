// F07: heads and bodies that two parsers could read differently. Each is refused and never becomes two requests.
#include "tests/api/server_fixture.h"

namespace hotcell::api {

namespace {

struct Smuggle {
    const char* name;
    std::string bytes;
    const char* status;
};

std::string run_head(const std::string& lines) {
    return "POST /v1/run HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n" + lines + "\r\n";
}
const std::string kInner = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kZero("\0", 1);

const Smuggle kCorpus[] = {
    {"both framings", run_head("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + kInner, "400"},
    {"both framings, swapped", run_head("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n") + "0\r\n\r\n" + kInner,
     "400"},
    {"two lengths", run_head("Content-Length: 0\r\nContent-Length: 36\r\n") + kInner, "400"},
    {"two equal lengths", run_head("Content-Length: 2\r\nContent-Length: 2\r\n") + "ab" + kInner, "400"},
    {"a list of lengths", run_head("Content-Length: 0, 36\r\n") + kInner, "400"},
    {"a signed length", run_head("Content-Length: +5\r\n") + "hello" + kInner, "400"},
    {"a negative length", run_head("Content-Length: -1\r\n") + kInner, "400"},
    {"a hexadecimal length", run_head("Content-Length: 0x5\r\n") + "hello" + kInner, "400"},
    {"an overflowing length", run_head("Content-Length: 18446744073709551617\r\n") + kInner, "400"},
    {"an empty length", run_head("Content-Length:\r\n") + kInner, "400"},
    {"another coding", run_head("Transfer-Encoding: xchunked\r\n") + kInner, "501"},
    {"two codings", run_head("Transfer-Encoding: identity, chunked\r\n") + kInner, "501"},
    {"two coding headers", run_head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + kInner, "400"},
    {"coding with a vertical tab", run_head("Transfer-Encoding: \vchunked\r\n") + kInner, "400"},
    {"coding in quotes", run_head("Transfer-Encoding: \"chunked\"\r\n") + kInner, "501"},
    {"space before the colon", run_head("Transfer-Encoding : chunked\r\n") + "0\r\n\r\n" + kInner, "400"},
    {"tab before the colon", run_head("Content-Length\t: 5\r\n") + "hello" + kInner, "400"},
    {"folded header", run_head("X: a\r\n Content-Length: 5\r\n") + kInner, "400"},
    {"folded coding", run_head("Transfer-Encoding:\r\n chunked\r\n") + kInner, "501"},
    {"bare line feed in the head", "GET /healthz HTTP/1.1\nHost: x\n\n" + kInner, "400"},
    {"one bare line feed", "GET /healthz HTTP/1.1\r\nHost: x\nContent-Length: 36\r\n\r\n" + kInner, "400"},
    {"bare carriage return", "GET /healthz HTTP/1.1\r\nHost: x\rContent-Length: 36\r\n\r\n" + kInner, "400"},
    {"zero byte in a value", run_head("X: a" + kZero + "b\r\n") + kInner, "400"},
    {"zero byte in a name", run_head("X" + kZero + ": b\r\n") + kInner, "400"},
    {"empty first line", "\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
    {"empty name", run_head(": b\r\n") + kInner, "400"},
    {"no colon", run_head("nonsense\r\n") + kInner, "400"},
    {"two hosts", "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
    {"no host", "GET /healthz HTTP/1.1\r\n\r\n", "400"},
    {"two types", run_head("Content-Type: text/plain\r\n") + kInner, "400"},
    {"two spaces", "GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
    {"tab in the request line", "GET\t/healthz HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
    {"space in the target", "GET /healthz x HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
    {"absolute target", "GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
    {"no version", "GET /healthz\r\nHost: x\r\n\r\n", "400"},
    {"future version", "GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n", "505"},
    {"lower-case version", "GET /healthz http/1.1\r\nHost: x\r\n\r\n", "400"},
    {"chunked in HTTP/1.0", "POST /v1/run HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kInner, "400"},
    {"chunk size overflow", run_head("Transfer-Encoding: chunked\r\n") + "10000000000000000\r\n" + kInner, "4"},
    {"negative chunk size", run_head("Transfer-Encoding: chunked\r\n") + "-1\r\n" + kInner, "400"},
    {"chunk size with a prefix", run_head("Transfer-Encoding: chunked\r\n") + "0x2\r\nab\r\n0\r\n\r\n" + kInner, "400"},
    {"chunk size with a bare line feed", run_head("Transfer-Encoding: chunked\r\n") + "2\nab\n0\n\n" + kInner, "400"},
    {"chunk without its end", run_head("Transfer-Encoding: chunked\r\n") + "2\r\nabX0\r\n\r\n" + kInner, "400"},
    {"huge chunk extension",
     run_head("Transfer-Encoding: chunked\r\n") + "2;a=" + std::string(300, 'x') + "\r\nab\r\n0\r\n\r\n" + kInner,
     "400"},
    {"too long a request line", "GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n", "414"},
    {"an endless request line", "GET /" + std::string(20'000, 'x'), "414"},
    {"too long a header", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + std::string(17'000, 'x') + "\r\n\r\n", "431"},
    {"unknown expectation", run_head("Expect: miracles\r\nContent-Length: 2\r\n") + "ab" + kInner, "417"},
};

class Smuggling : public ServerTest {};

TEST_F(Smuggling, IsRefusedAndNeverBecomesTwoRequests) {
    start();
    for (const auto& [name, bytes, status] : kCorpus) {
        const auto answer = exchange(bytes);
        EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + status)) << name << "\n" << answer;
        EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << name << "\n" << answer;
        EXPECT_NE(answer.find("Connection: close"), std::string::npos) << name << "\n" << answer;
    }
    EXPECT_TRUE(service_.requests().empty());
}

TEST_F(Smuggling, CountsHeaders) {
    start();
    const auto with = [](int headers) {
        std::string head = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
        for (int i = 2; i < headers; ++i) head += "X-" + std::to_string(i) + ": y\r\n";
        return head + "\r\n";
    };
    EXPECT_TRUE(exchange(with(100)).starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(exchange(with(101)).starts_with("HTTP/1.1 431"));
}

}  // namespace

}  // namespace hotcell::api
