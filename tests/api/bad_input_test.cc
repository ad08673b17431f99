// Every bad field of POST /v1/run: the status, and a message that names field, limit and value.
#include "tests/api/server_fixture.h"

namespace hotcell::api {

namespace {

struct BadInput {
    const char* query;
    std::string body;
    const char* status;
    const char* message;
};

std::string part(const std::string& disposition, const std::string& content = "x") {
    return "--b\r\nContent-Disposition: " + disposition + "\r\n\r\n" + content + "\r\n";
}
const std::string kEnd = "--b--\r\n";
const std::string kProgram = part("form-data; name=\"program\"; filename=\"a.out\"", "#!");
const std::string kGood = kProgram + kEnd;

const BadInput kTable[] = {
    {"?memory=1KiB", kGood, "400", "memory: must be a size in 4MiB..3GiB, not \\\"1KiB\\\""},
    {"?memory=4GiB", kGood, "400", "memory: must be a size in 4MiB..3GiB"},
    {"?memory=64MB", kGood, "400", "memory: must be a size"},
    {"?memory=-1", kGood, "400", "memory: must be a size"},
    {"?memory=", kGood, "400", "memory: must be a size"},
    {"?memory=99999999999999999999", kGood, "400", "memory: must be a size"},
    {"?memory=18014398509481985K", kGood, "400", "memory: must be a size"},
    {"?tmp=1", kGood, "400", "tmp: must be a size in 64KiB..3GiB"},
    {"?processes=0", kGood, "400", "processes: must be a whole number in 1..1024, not \\\"0\\\""},
    {"?processes=1025", kGood, "400", "processes: must be a whole number in 1..1024"},
    {"?processes=1.5", kGood, "400", "processes: must be a whole number in 1..1024"},
    {"?timeout=0", kGood, "400", "timeout: must be a duration in 1ms..600000ms"},
    {"?timeout=11m", kGood, "400", "timeout: must be a duration in 1ms..600000ms, not \\\"11m\\\""},
    {"?timeout=0.5ms", kGood, "400", "timeout: must be a duration"},
    {"?timeout=1h", kGood, "400", "timeout: must be a duration"},
    {"?output=65MiB", kGood, "400", "output: must be a size in 0..64MiB"},
    {"?log=65MiB", kGood, "400", "log: must be a size in 0..64MiB"},
    {"?start=fast", kGood, "400", "start: must be auto, exec or zygote"},
    {"?slot=old", kGood, "400", "slot: must be any, pooled or fresh"},
    {"?runtime=..%2Fetc", kGood, "400", "runtime: must be"},
    {"?runtime=", kGood, "400", "runtime: must be"},
    {"?colour=red", kGood, "400", "the field \\\"colour\\\" is unknown"},
    {"?memory=64MiB&memory=8MiB", kGood, "400", "a field is given once, not \\\"memory\\\""},
    {"?memory=%zz", kGood, "400", "query: '%' is followed by two hexadecimal digits"},
    {"?memory=%4", kGood, "400", "query: '%' is followed by two hexadecimal digits"},
    {"?=1", kGood, "400", "query: a field has a name"},
    {"", kEnd, "400", "body:"},
    {"", "", "400", "body: it does not begin with its boundary"},
    {"", "hello", "400", "body: it does not begin with its boundary"},
    {"", "preamble\r\n" + kGood, "400", "body: it does not begin with its boundary"},
    {"", kProgram, "400", "body: a part is not closed by the boundary"},
    {"", kGood + "more", "400", "body: bytes after the closing boundary"},
    {"", part("form-data; name=\"event\"") + kEnd, "400", "program: the part is missing"},
    {"", part("form-data; name=\"program\"", "") + kEnd, "400", "program: is empty"},
    {"", kProgram + kProgram + kEnd, "400", "program: given more than once"},
    {"", part("form-data; name=\"event\"") + part("form-data; name=\"event\"") + kGood, "400",
     "event: given more than once"},
    {"", part("form-data; name=\"file\"") + kEnd, "400", "the part \\\"file\\\" is unknown"},
    {"", part("form-data") + kEnd, "400", "body: a part has no name"},
    {"", part("form-data; name=\"\"") + kEnd, "400", "body: a part has no name"},
    {"", part("form-data; name=\"a\"; name=\"b\"") + kEnd, "400", "body: a part has two names"},
    {"", part("attachment; name=\"program\"") + kEnd, "400", "body: a part's Content-Disposition is not form-data"},
    {"", part("form-data; name=\"program") + kEnd, "400", "body: a part's Content-Disposition cannot be read"},
    {"", part("form-data; name=\"program\"; size=3") + kEnd, "400", "unknown parameter"},
    {"", "--b\r\nX-Other: 1\r\n\r\nx\r\n" + kEnd, "400", "body: a part has an unknown header"},
    {"", "--b\r\n\r\nx\r\n" + kEnd, "400", "body: a part"},
    {"", "--b\r\nContent-Disposition: form-data; name=\"program\"\r\n" + std::string(3000, 'x'), "400", "2048 bytes"},
    {"", part("form-data; name=\"argument\"", std::string("a\0b", 3)) + kGood, "400", "argument: has a zero byte"},
    {"", part("form-data; name=\"argument\"", std::string(70'000, 'x')) + kGood, "400",
     "at most 65536 bytes together, not 70001"},
    {"", part("form-data; name=\"environment\"", "NOVALUE") + kGood, "400", "environment: must be NAME=VALUE"},
    {"", part("form-data; name=\"environment\"", "=v") + kGood, "400", "environment: must be NAME=VALUE"},
    {"", part("form-data; name=\"environment\"", "A=1") + part("form-data; name=\"environment\"", "A=2") + kGood, "400",
     "environment: a name is given once"},
    {"", part("form-data; name=\"event\"", std::string((6 << 20) + 1, 'x')) + kGood, "400",
     "event: at most 6291456 bytes, not 6291457"},
    {"", part("form-data; name=\"program\"", std::string((16 << 20) + 1, 'x')) + kEnd, "400",
     "program: at most 16777216 bytes, not 16777217"},
};

class BadRunRequest : public ServerTest {};

TEST_F(BadRunRequest, NamesFieldLimitAndValue) {
    start();
    RawClient client(path_);  // one connection for all: a refused field does not end it
    for (const auto& [query, body, status, message] : kTable) {
        ASSERT_TRUE(client.send(post(std::string("/v1/run") + query, body)));
        const auto answer = client.read_answer();
        EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + status)) << message << "\n" << answer;
        EXPECT_NE(answer.find(message), std::string::npos) << message << "\n" << answer;
        EXPECT_NE(answer.find(R"("ErrorCode":"InvalidArgument")"), std::string::npos) << answer;
    }
    EXPECT_TRUE(service_.requests().empty());
}

TEST_F(BadRunRequest, CountsArguments) {
    start();
    RawClient client(path_);
    std::string arguments;
    for (int i = 0; i < 256; ++i) arguments += part("form-data; name=\"argument\"");
    client.send(post("/v1/run", arguments + kGood));
    EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 200"));
    client.send(post("/v1/run", arguments + part("form-data; name=\"argument\"") + kGood));
    const auto answer = client.read_answer();
    EXPECT_NE(answer.find("argument: at most 256 parts, not 257"), std::string::npos) << answer;
}

TEST_F(BadRunRequest, NeedsAForm) {
    start();
    RawClient client(path_);
    for (const std::string type : {"", "text/plain", "multipart/form-data", "multipart/form-data; boundary=",
                                   "multipart/form-data; boundary=a; boundary=b", "multipart/mixed; boundary=b"}) {
        client.send("POST /v1/run HTTP/1.1\r\nHost: x\r\nContent-Type: " + type + "\r\nContent-Length: 2\r\n\r\nab");
        const auto answer = client.read_answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 415")) << type << "\n" << answer;
    }
}

TEST_F(BadRunRequest, TurnsTheEnginesErrorsIntoStatuses) {
    start();
    RawClient client(path_);
    const std::pair<ErrorKind, const char*> kStatuses[] = {
        {ErrorKind::InvalidArgument, "400"}, {ErrorKind::NotFound, "404"}, {ErrorKind::Conflict, "409"},
        {ErrorKind::Exhausted, "429"},       {ErrorKind::TimedOut, "504"}, {ErrorKind::Broken, "500"},
        {ErrorKind::Kernel, "500"}};
    for (const auto& [kind, status] : kStatuses) {
        service_.answer_ = [kind = kind](const RunRequest&) -> Result<RunReport> {
            return std::unexpected(Error{kind, 0, "what was done", "what would help"});
        };
        client.send(post("/v1/run", kGood));
        const auto answer = client.read_answer();
        EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + status)) << answer;
        EXPECT_NE(answer.find(R"("Message":"what was done")"), std::string::npos) << answer;
        EXPECT_NE(answer.find(R"("Hint":"what would help")"), std::string::npos) << answer;
    }
}

}  // namespace

}  // namespace hotcell::api
