// Answers that come in pieces, and connections that go over to another protocol, as the HTTP interface passes them on: framing,
// how much it holds, clients that are slow, gone or hostile.
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/api/body_pipe.h"
#include "tests/api/server_fixture.h"

namespace hotcell::api {

namespace {

const std::string kPath = "/2016-08-15/proxy/s/f/";
const std::string kPiece(64 << 10, 'p');

/// The engine's end, as far as the server steers it.
class Engine : public StreamControl {
public:
    void resume() override {
        const std::scoped_lock lock(mutex_);
        ++resumed_;
        changed_.notify_all();
    }
    bool send(std::string bytes) override {
        const std::scoped_lock lock(mutex_);
        sent_ += bytes;
        ++pieces_;
        changed_.notify_all();
        return takes_;
    }
    void finish() override {
        const std::scoped_lock lock(mutex_);
        finished_ = true;
        changed_.notify_all();
    }
    void close() override {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }
    void take_one_piece_only() {
        const std::scoped_lock lock(mutex_);
        takes_ = false;
    }
    int resumed() {
        const std::scoped_lock lock(mutex_);
        return resumed_;
    }
    std::size_t got() {
        const std::scoped_lock lock(mutex_);
        return sent_.size();
    }
    bool is_resumed(int times, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
        return wait([&] { return resumed_ >= times; }, patience);
    }
    bool has_got(const std::string& bytes) {
        return wait([&] { return sent_ == bytes; });
    }
    bool has_got_pieces(int count) {
        return wait([&] { return pieces_ >= count; });
    }
    bool has_finished() {
        return wait([&] { return finished_; });
    }
    bool has_closed() {
        return wait([&] { return closed_; });
    }

private:
    template <class Is>
    bool wait(Is is_so, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, is_so);
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string sent_;
    int resumed_ = 0;
    int pieces_ = 0;
    bool takes_ = true;
    bool finished_ = false;
    bool closed_ = false;
};

class StreamedAnswers : public ServerTest {
protected:
    void begin(ServerLimits limits = {}) {
        calls_.holds_ = [](const InvokeRequest& request) { return request.http.has_value(); };
        put_http_function(catalog_, {.methods = {"GET", "POST", "HEAD"}});
        start(limits);
    }
    static std::string get(const std::string& more = {}, const std::string& version = "1.1") {
        return "GET " + kPath + " HTTP/" + version + "\r\nHost: x\r\n" + more + "\r\n";
    }
    static std::string upgrade(const std::string& more = {}) {
        return get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a2V5\r\n" + more);
    }
    /// The stream of the call that was made last.
    std::shared_ptr<HttpStream> stream_of(std::size_t calls = 1) {
        EXPECT_TRUE(calls_.wait_for_calls(calls));
        return calls_.calls().back().stream;
    }
    std::shared_ptr<Engine> head(HttpStream& stream, unsigned status = 200) {
        auto engine = std::make_shared<Engine>();
        InvokeReport so_far;
        so_far.version = "LATEST";
        so_far.instance_id = "c-1";
        so_far.http.emplace();
        so_far.http->status = status;
        so_far.http->headers = {{"x-mine", {"yes"}}, {"content-type", {"text/event-stream"}}};
        if (status == 101) so_far.http->headers["upgrade"] = {"websocket"};
        stream.begin(std::move(so_far), engine);
        return engine;
    }
    /// Gives pieces until no more are wanted; how many bytes.
    static std::size_t fill(HttpStream& stream, Engine& engine) {
        std::size_t given = 0;
        for (int resumed = 0; given < (64u << 20); ++resumed) {
            do given += kPiece.size();
            while (stream.write(kPiece) && given < (64u << 20));
            if (!engine.is_resumed(resumed + 1, std::chrono::milliseconds(300))) break;
        }
        return given;
    }
    /// Reads until `end` is the end of what has come.
    static std::string read_to(RawClient& client, const std::string& end) {
        std::string seen;
        while (!seen.ends_with(end)) {
            const std::string more = client.read_some(std::chrono::seconds(10));
            if (more.empty()) break;
            seen += more;
        }
        return seen;
    }
};

TEST_F(StreamedAnswers, GoOutInChunksAsTheyCome) {
    begin();
    RawClient client(path_);
    client.send(get());
    const auto stream = stream_of();
    head(*stream);
    const std::string first = read_to(client, "\r\n\r\n");
    EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
    for (const char* line : {"Transfer-Encoding: chunked", "X-Mine: yes", "Content-Type: text/event-stream",
                             "X-Fc-Instance-Id: c-1", "X-Fc-Invocation-Service-Version: LATEST", "X-Fc-Request-Id: "})
        EXPECT_NE(first.find(std::string("\r\n") + line), std::string::npos) << line << "\n" << first;
    for (const char* line : {"Content-Length", "X-Fc-Invocation-Duration", "X-Fc-Max-Memory-Usage", "Connection"})
        EXPECT_EQ(first.find(line), std::string::npos) << line;
    EXPECT_TRUE(stream->write("one"));
    EXPECT_EQ(read_to(client, "one\r\n"), "3\r\none\r\n");
    EXPECT_TRUE(stream->write("twelve bytes"));
    EXPECT_EQ(read_to(client, "bytes\r\n"), "c\r\ntwelve bytes\r\n");
    calls_.release(1);
    EXPECT_EQ(read_to(client, "0\r\n\r\n"), "0\r\n\r\n");
    calls_.holds_ = [](const InvokeRequest&) { return false; };
    client.send(request("POST", "/2016-08-15/services/s/functions/f/invocations", "next"));
    EXPECT_TRUE(client.read_answer().ends_with("next")) << "the connection goes on";
}

TEST_F(StreamedAnswers, EndWithTheConnectionOfAnOldClient) {
    begin();
    RawClient client(path_);
    client.send(get({}, "1.0"));
    const auto stream = stream_of();
    head(*stream);
    stream->write("one");
    stream->write("two");
    calls_.release(1);
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.ends_with("\r\n\r\nonetwo")) << answer;
    EXPECT_EQ(answer.find("Transfer-Encoding"), std::string::npos);
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST_F(StreamedAnswers, AreCutWithoutTheirLastChunk) {
    begin();
    calls_.answer_ = [](const InvokeRequest&) {
        InvokeReport report;
        report.outcome = InvokeOutcome::UnhandledError;
        report.end = EnvironmentEnd::TimedOut;
        report.payload = "{}";
        return report;
    };
    RawClient client(path_);
    client.send(get());
    const auto stream = stream_of();
    head(*stream);
    stream->write("one");
    calls_.release(1);
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.ends_with("\r\n\r\n3\r\none\r\n")) << answer;
    EXPECT_TRUE(calls_.cancelled().empty());
}

TEST_F(StreamedAnswers, OfAHeadRequestAreNotAskedFor) {
    begin();
    RawClient client(path_);
    client.send("HEAD " + kPath + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(stream_of(), nullptr);
}

TEST_F(StreamedAnswers, HoldABoundedAmountForAClientThatReadsNothing) {
    begin();
    RawClient client(path_);
    client.send(get());
    const auto stream = stream_of();
    const auto engine = head(*stream);
    const std::size_t given = fill(*stream, *engine);
    // the server's own, and what the kernel takes on the way to the client
    EXPECT_LT(given, kMostOfPipe + (64 << 10) + (1 << 20));
    const int resumed = engine->resumed();
    // what is read makes room again
    std::size_t got = 0;
    while (got < given) got += client.read_some(std::chrono::seconds(10)).size();
    EXPECT_TRUE(engine->is_resumed(resumed + 1));
    EXPECT_TRUE(stream->write("more"));
    calls_.release(1);
    EXPECT_TRUE(read_to(client, "0\r\n\r\n").ends_with("4\r\nmore\r\n0\r\n\r\n"));
}

TEST_F(StreamedAnswers, AreCancelledWhenTheirClientGoes) {
    begin();
    for (const bool writing : {false, true}) {
        const std::size_t before = calls_.cancelled().size();
        std::shared_ptr<HttpStream> stream;
        {
            RawClient client(path_);
            client.send(get());
            stream = stream_of(before + 1);
            head(*stream);
            read_to(client, "\r\n\r\n");
            if (writing)
                for (int i = 0; i < 64 && stream->write(kPiece);) ++i;
        }
        ASSERT_TRUE(calls_.wait_for_cancelled(before + 1)) << writing;
        stream->write("nobody is there");
    }
}

TEST_F(StreamedAnswers, AreCutForAClientThatTakesNothingForTooLong) {
    ServerLimits limits;
    limits.write = std::chrono::milliseconds(200);
    begin(limits);
    RawClient client(path_);
    client.send(get());
    const auto stream = stream_of();
    const auto engine = head(*stream);
    fill(*stream, *engine);
    EXPECT_TRUE(calls_.wait_for_cancelled(1));
}

TEST_F(StreamedAnswers, AreCutWhenTheServerEnds) {
    begin();
    RawClient client(path_);
    client.send(get());
    const auto stream = stream_of();
    head(*stream);
    stream->write("one");
    EXPECT_TRUE(read_to(client, "one\r\n").ends_with("3\r\none\r\n"));
    server_->stop_accepting();
    EXPECT_FALSE(server_->finish(Millis(50))) << "a stream is a request under way";
    EXPECT_EQ(client.read_all(), "");
    EXPECT_TRUE(calls_.wait_for_cancelled(1));
}

TEST_F(StreamedAnswers, GoOverToAnotherProtocol) {
    begin();
    RawClient client(path_);
    client.send(upgrade() + "early");
    const auto stream = stream_of();
    const auto call = calls_.calls().back();
    EXPECT_EQ(call.http->upgrade, "websocket");
    EXPECT_EQ(call.http->headers.at("sec-websocket-key"), std::vector<std::string>{"a2V5"});
    EXPECT_FALSE(call.http->headers.contains("upgrade"));
    const auto engine = head(*stream, 101);
    const std::string answer = read_to(client, "\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << answer;
    for (const char* line : {"Connection: Upgrade", "Upgrade: websocket", "X-Mine: yes", "X-Fc-Request-Id: "})
        EXPECT_NE(answer.find(std::string("\r\n") + line), std::string::npos) << line << "\n" << answer;
    for (const char* line : {"Content-Length", "Transfer-Encoding", "Connection: close", "Content-Type"})
        EXPECT_EQ(answer.find(line), std::string::npos) << line;
    EXPECT_TRUE(engine->has_got("early")) << "what came with the head, once the server has agreed";
    client.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(engine->has_got("earlyGET / HTTP/1.1\r\n\r\n")) << "no request any more";
    stream->write("0\r\n\r\n");
    EXPECT_EQ(read_to(client, "\r\n\r\n"), "0\r\n\r\n");
    client.end_sending();
    EXPECT_TRUE(engine->has_finished());
    stream->write("bye");
    calls_.release(1);
    EXPECT_EQ(client.read_all(), "bye");
    EXPECT_EQ(calls_.calls().size(), 1u);
    EXPECT_TRUE(calls_.cancelled().empty());
}

TEST_F(StreamedAnswers, ReadNoMoreOfAClientThanTheServerTakes) {
    begin();
    RawClient client(path_);
    client.send(upgrade());
    const auto stream = stream_of();
    const auto engine = head(*stream, 101);
    engine->take_one_piece_only();
    read_to(client, "\r\n\r\n");
    client.send(kPiece);
    ASSERT_TRUE(engine->has_got_pieces(1));
    std::thread sender([&] {
        for (int i = 0; i < 64; ++i) client.send(kPiece);
    });
    // each piece is read only when the one before has gone
    for (int pieces = 1; engine->got() < 65 * kPiece.size(); ++pieces) {
        ASSERT_TRUE(engine->has_got_pieces(pieces));
        ASSERT_LE(engine->got(), static_cast<std::size_t>(pieces) * kPiece.size());
        stream->taken();
    }
    sender.join();
}

TEST_F(StreamedAnswers, TellTheServerThatAnUpgradedClientHasGone) {
    begin();
    std::shared_ptr<HttpStream> stream;
    std::shared_ptr<Engine> engine;
    {
        RawClient client(path_);
        client.send(upgrade());
        stream = stream_of();
        engine = head(*stream, 101);
        read_to(client, "\r\n\r\n");
    }
    EXPECT_TRUE(engine->has_finished());
    stream->write("is anybody there");
    EXPECT_TRUE(engine->has_closed());
    EXPECT_TRUE(calls_.cancelled().empty()) << "the environment is not to blame";
}

TEST_F(StreamedAnswers, AnUpgradeThatIsRefusedEndsTheConnection) {
    begin();
    calls_.holds_ = [](const InvokeRequest&) { return false; };
    const std::string answer = exchange(upgrade() + get());
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 ")) << answer;
    EXPECT_EQ(answer.find("HTTP/1.1 ", 9), std::string::npos)
        << "bytes for the other protocol were taken for a request";
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
    EXPECT_EQ(calls_.calls().size(), 1u);
}

TEST_F(StreamedAnswers, AnUpgradeWithABodyIsNone) {
    begin();
    for (const std::string& more : {std::string("Content-Length: 3\r\n"), std::string("Transfer-Encoding: chunked\r\n"),
                                    std::string("Upgrade: other\r\n")}) {
        const std::string answer = exchange(upgrade(more) + "abc");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << more << answer;
        EXPECT_NE(answer.find("Upgrade: "), std::string::npos) << answer;
    }
    EXPECT_TRUE(calls_.calls().empty());
}

TEST_F(StreamedAnswers, OnlyAnotherProtocolIsAnUpgrade) {
    begin();
    std::size_t calls = 0;
    for (const std::string& headers :
         {std::string("Upgrade: websocket\r\n"), std::string("Connection: upgrade\r\n"),
          std::string("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"),
          std::string("Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n"),
          std::string("Connection: upgrade\r\nUpgrade: TLS/1.0\r\n"),
          std::string("Connection: upgrade\r\nUpgrade: h2c, websocket\r\n")}) {
        RawClient client(path_);
        client.send(get(headers));
        ASSERT_TRUE(calls_.wait_for_calls(++calls));
        EXPECT_EQ(calls_.calls().back().http->upgrade, "") << headers;
    }
    RawClient old(path_);
    old.send(get("Connection: upgrade\r\nUpgrade: websocket\r\n", "1.0"));
    ASSERT_TRUE(calls_.wait_for_calls(++calls));
    EXPECT_EQ(calls_.calls().back().http->upgrade, "");
    calls_.holds_ = [](const InvokeRequest&) { return false; };
    RawClient java(path_);  // whose client asks for it with each request, also one with a body
    java.send(request("POST", kPath, "abc", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"));
    ASSERT_TRUE(calls_.wait_for_calls(++calls)) << java.read_answer();
    EXPECT_EQ(calls_.calls().back().event, "abc");
}

}  // namespace

}  // namespace hotcell::api
