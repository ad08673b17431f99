// Answers of custom runtimes that are taken as they come, through the library: pieces before the end, back-pressure, every way to be
// cut, and connections that have gone over to another protocol.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "engine/linux/files/files.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/requires.h"

namespace hotcell {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);

/// Notes what comes; takes as much as the test allows.
class Recorder : public HttpStream {
public:
    void begin(InvokeReport so_far, std::shared_ptr<StreamControl> control) override {
        const std::scoped_lock lock(mutex_);
        head = std::move(so_far);
        control_ = std::move(control);
        changed_.notify_all();
    }
    bool write(std::string_view bytes) override {
        const std::scoped_lock lock(mutex_);
        EXPECT_FALSE(report_) << "a piece after the end";
        EXPECT_TRUE(most_ > body_.size()) << "a piece that was not asked for";
        largest_ = std::max(largest_, bytes.size());
        body_.append(bytes);
        changed_.notify_all();
        return body_.size() < most_;
    }
    void taken() override {
        const std::scoped_lock lock(mutex_);
        ++taken_;
        changed_.notify_all();
    }
    void end(Result<InvokeReport> report) {
        const std::scoped_lock lock(mutex_);
        EXPECT_FALSE(report_) << "two ends";
        report_ = std::move(report);
        changed_.notify_all();
    }

    void take_no_more_than(std::size_t most) {
        const std::scoped_lock lock(mutex_);
        most_ = most;
    }
    bool has(const std::string& body) {
        return wait([&] { return body_ == body; });
    }
    bool has_size(std::size_t size) {
        return wait([&] { return body_.size() >= size; });
    }
    Result<InvokeReport> report() {
        if (!wait([&] { return report_.has_value(); }))
            return std::unexpected(Error{ErrorKind::TimedOut, 0, "the call has not ended", {}});
        return *report_;
    }
    bool has_ended() {
        const std::scoped_lock lock(mutex_);
        return report_.has_value();
    }
    std::string body() {
        const std::scoped_lock lock(mutex_);
        return body_;
    }
    StreamControl& control() {
        EXPECT_TRUE(wait([&] { return control_ != nullptr; }));
        return *control_;
    }
    /// One piece for the server, once it has taken it.
    bool send(const std::string& bytes) {
        const int before = count_taken();
        return control().send(bytes) || wait([&] { return taken_ > before; });
    }
    std::size_t largest() const { return largest_; }

    InvokeReport head;

private:
    int count_taken() {
        const std::scoped_lock lock(mutex_);
        return taken_;
    }
    bool wait(const std::function<bool()>& is_so) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, is_so);
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<StreamControl> control_;
    std::string body_;
    std::size_t most_ = SIZE_MAX;
    std::size_t largest_ = 0;
    int taken_ = 0;
    std::optional<Result<InvokeReport>> report_;
};

std::string server_program() {
    std::ifstream file(std::string(test::kTestProgramsDir) + "/http_server", std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

class HttpStreams : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (linux::is_root()) engine = new test::TestEngine([](EngineOptions& options) { options.pooled_slots = 2; });
    }
    static void TearDownTestSuite() { delete engine; }
    void SetUp() override {
        HOTCELL_REQUIRES(::hotcell::testing::root());
        function_ = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        function_.resize(std::min<std::size_t>(function_.size(), 64));
    }

    void serve(std::uint32_t timeout_s = 20) {
        Function function;
        function.service = "test";
        function.name = function_;
        function.settings.runtime = "custom";
        function.settings.handler = "any";
        function.settings.memory_mib = 128;
        function.settings.timeout_s = timeout_s;
        function.settings.concurrency = 10;
        const auto created =
            engine->catalog().create_function(function, test::zip_of({{"bootstrap", server_program()}}, 0100755));
        ASSERT_TRUE(created) << created.error().message();
    }
    InvokeRequest request(const std::string& event) const {
        InvokeRequest request = test::TestEngine::request_of(function_, event);
        request.http.emplace();
        request.http->method = "POST";
        request.http->request_uri = "/2016-08-15/proxy/test/f/";
        return request;
    }
    /// One whose answer is taken as it comes.
    std::shared_ptr<Recorder> call(InvokeRequest request, std::uint64_t* number = nullptr) {
        auto recorder = std::make_shared<Recorder>();
        request.stream = recorder;
        const auto given = engine->invoke(
            std::move(request), [recorder](Result<InvokeReport> report) { recorder->end(std::move(report)); });
        if (number != nullptr) *number = given;
        return recorder;
    }
    std::shared_ptr<Recorder> call(const std::string& event) { return call(request(event)); }
    /// One that asks for another protocol.
    std::shared_ptr<Recorder> go_over(const std::string& how = {}, const std::string& protocol = "websocket") {
        InvokeRequest asked = request({});
        asked.http->method = "GET";
        asked.http->upgrade = protocol;
        if (!how.empty()) asked.http->headers["x-how"] = {how};
        return call(std::move(asked));
    }
    /// In the same environment, beside what runs.
    std::string say(const std::string& event) {
        const auto report = engine->invoke(request(event));
        EXPECT_TRUE(report) << report.error().message();
        return report ? report->payload : std::string();
    }
    std::string logged(const std::string& instance) const {
        LogQuery query;
        query.service = "test";
        query.function = function_;
        std::string all;
        for (const LogLine& line : engine->logs(query).lines)
            if (line.instance_id == instance) all += line.text + "\n";
        return all;
    }
    std::size_t environments() const { return engine->instances("test", function_).size(); }

    std::string function_;
    static inline test::TestEngine* engine = nullptr;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(HttpStreams, PiecesComeBeforeTheAnswerEnds) {
    serve();
    for (const char* word : {"pieces", "until-close"}) {
        const auto stream = call(word);
        ASSERT_TRUE(stream->has("one")) << word << ": " << stream->body();
        EXPECT_FALSE(stream->has_ended()) << word;
        ASSERT_TRUE(stream->head.http);
        EXPECT_EQ(stream->head.http->status, 200u);
        EXPECT_EQ(stream->head.http->headers.contains("transfer-encoding"), false);
        EXPECT_TRUE(stream->head.streamed);
        EXPECT_EQ(engine->instances("test", function_).at(0).state, "busy");
        say("release");
        const auto report = stream->report();
        ASSERT_TRUE(report) << report.error().message();
        EXPECT_EQ(stream->body(), "onetwo") << word;
        EXPECT_EQ(report->outcome, InvokeOutcome::Succeeded) << report->payload;
        EXPECT_TRUE(report->streamed);
        EXPECT_EQ(report->payload, "");
        EXPECT_EQ(report->request_id, stream->head.request_id);
        EXPECT_EQ(report->instance_id, stream->head.instance_id);
        EXPECT_GT(report->peak_memory.count, 0u);
        const auto kept = engine->invocation(report->request_id);
        ASSERT_TRUE(kept);
        EXPECT_TRUE(kept->streamed);
    }
    EXPECT_EQ(environments(), 1u);
}

TEST_F(HttpStreams, AConnectionWhoseStreamHasEndedWellIsUsedAgain) {
    serve();
    const auto stream = call("failed");
    ASSERT_TRUE(stream->report());
    EXPECT_EQ(say("connections"), "1");
}

TEST_F(HttpStreams, OtherAnswersAreWhole) {
    serve();
    const auto with_length = call("show");
    const auto report = with_length->report();
    ASSERT_TRUE(report && report->http);
    EXPECT_FALSE(report->streamed);
    EXPECT_TRUE(has(report->payload, "POST /2016-08-15/proxy/test/f/ HTTP/1.1"));
    EXPECT_EQ(with_length->body(), "");
    InvokeRequest head = request({});
    head.http->method = "HEAD";
    const auto of_head = call(head)->report();
    ASSERT_TRUE(of_head && of_head->http);
    EXPECT_FALSE(of_head->streamed);
    const auto without_stream = engine->invoke(request("chunked"));
    ASSERT_TRUE(without_stream);
    EXPECT_EQ(without_stream->payload, "abcdefg");
    InvokeRequest event = request("chunked");
    event.http.reset();
    const auto of_event = call(event)->report();
    ASSERT_TRUE(of_event);
    EXPECT_EQ(of_event->payload, "abcdefg") << "an event call waits for its result";
}

TEST_F(HttpStreams, AFailureThatTheHeadTellsIsKnownAtOnce) {
    serve();
    const auto stream = call("failed");
    const auto report = stream->report();
    ASSERT_TRUE(report);
    EXPECT_EQ(stream->head.outcome, InvokeOutcome::HandledError);
    EXPECT_EQ(stream->head.http->status, 404u);
    EXPECT_EQ(report->outcome, InvokeOutcome::HandledError);
    EXPECT_EQ(stream->body(), "none");
}

TEST_F(HttpStreams, WhoeverTakesNothingStopsTheServer) {
    serve(60);
    constexpr std::size_t kFlood = std::size_t{64} << 20;
    auto recorder = std::make_shared<Recorder>();
    recorder->take_no_more_than(1 << 20);
    InvokeRequest asked = request("flood 64");
    asked.stream = recorder;
    engine->invoke(std::move(asked), [recorder](Result<InvokeReport> report) { recorder->end(std::move(report)); });
    ASSERT_TRUE(recorder->has_size(1 << 20));
    // what it has written comes to rest: the kernel's buffers are full
    std::string written = say("flooded"), before;
    for (int i = 0; i < 200 && written != before; ++i) before = std::exchange(written, say("flooded"));
    EXPECT_EQ(written, before);
    EXPECT_LT(std::stoull(written), std::size_t{8} << 20) << "what was taken, and what the kernel keeps for the server";
    EXPECT_LT(recorder->body().size(), (1u << 20) + (64u << 10)) << "one piece too much at most";
    recorder->take_no_more_than(SIZE_MAX);
    recorder->control().resume();
    const auto report = recorder->report();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(recorder->body().size(), kFlood) << "more than the 6 MiB of an answer that is waited for";
    EXPECT_LE(recorder->largest(), std::size_t{64} << 10);
    EXPECT_EQ(recorder->body().find_first_not_of('f'), std::string::npos);
}

TEST_F(HttpStreams, WhatEndsTheServerCutsTheAnswer) {
    serve();
    const auto cut = [&](const std::string& event) {
        const auto stream = call(event);
        EXPECT_TRUE(stream->has("one")) << event;
        // the call that releases it may be lost with the environment
        (void)engine->invoke(request("release"));
        auto report = stream->report();
        EXPECT_TRUE(report) << event;
        EXPECT_EQ(stream->body(), "one") << event;
        EXPECT_TRUE(report->streamed) << event;
        EXPECT_EQ(report->outcome, InvokeOutcome::UnhandledError) << event;
        return report ? *report : InvokeReport{};
    };
    const InvokeReport exited = cut("stop exit");
    EXPECT_EQ(exited.end, EnvironmentEnd::Exited);
    EXPECT_TRUE(has(logged(exited.instance_id), "FC Invoke End RequestId: " + exited.request_id +
                                                    ", Error: Process exited unexpectedly before completing request"))
        << logged(exited.instance_id);
    EXPECT_EQ(cut("until-close exit").end, EnvironmentEnd::Exited) << "its end was not the answer's";
    EXPECT_EQ(cut("stop memory").end, EnvironmentEnd::OutOfMemory);
    const InvokeReport closed = cut("stop close");
    EXPECT_EQ(closed.end, EnvironmentEnd::None);
    EXPECT_TRUE(has(closed.payload, "closed the connection within its answer")) << closed.payload;
    for (const char* how : {"stop bad", "stop extension"}) {
        const InvokeReport hostile = cut(how);
        EXPECT_TRUE(has(hostile.payload, "not HTTP/1.1")) << how << ": " << hostile.payload;
        EXPECT_EQ(hostile.instance_id, closed.instance_id) << "and the environment goes on";
    }
}

TEST_F(HttpStreams, TheTimeoutIsOfTheWholeAnswer) {
    serve(1);
    const auto stream = call("pieces");
    ASSERT_TRUE(stream->has("one"));
    const auto report = stream->report();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->end, EnvironmentEnd::TimedOut);
    EXPECT_TRUE(report->streamed);
    EXPECT_EQ(stream->body(), "one");
    const auto kept = engine->invocation(report->request_id);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->end, EnvironmentEnd::TimedOut);
    EXPECT_TRUE(has(logged(report->instance_id), "Error: Function time out after 1 seconds"));
    stream->control().resume();  // nobody is there
}

TEST_F(HttpStreams, ACallThatIsCancelledEnds) {
    serve();
    std::uint64_t number = 0;
    const auto stream = call(request("pieces"), &number);
    ASSERT_TRUE(stream->has("one"));
    engine->cancel(number);
    const auto report = stream->report();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, "ClientClosedRequest");
    EXPECT_EQ(say("hi"), "hi") << "in another environment";
}

/// Cancels its call from within the first piece.
class Impatient : public Recorder {
public:
    bool write(std::string_view bytes) override {
        (void)Recorder::write(bytes);
        engine->cancel(number);
        return true;
    }
    Engine* engine = nullptr;
    std::atomic<std::uint64_t> number = 0;
};

TEST_F(HttpStreams, ACallMayBeCancelledFromWithinItsStream) {
    serve();
    say("hi");
    for (int i = 0; i < 5; ++i) {
        auto stream = std::make_shared<Impatient>();
        stream->engine = engine;
        InvokeRequest asked = request("flood 64");
        asked.stream = stream;
        stream->take_no_more_than(SIZE_MAX);
        stream->number =
            engine->invoke(std::move(asked), [stream](Result<InvokeReport> report) { stream->end(std::move(report)); });
        const auto report = stream->report();
        ASSERT_FALSE(report);
        EXPECT_EQ(report.error().code, "ClientClosedRequest");
    }
}

TEST_F(HttpStreams, AnUpgradedConnectionIsOneInvocation) {
    serve();
    const auto stream = go_over("greet");
    stream->control();
    ASSERT_TRUE(stream->head.http);
    EXPECT_EQ(stream->head.http->status, 101u);
    EXPECT_EQ(stream->head.http->headers.at("upgrade"), std::vector<std::string>{"WebSocket"});
    EXPECT_EQ(stream->head.http->headers.at("x-mine"), std::vector<std::string>{"yes"});
    ASSERT_TRUE(stream->has("hello "));
    EXPECT_TRUE(stream->send("ping"));
    ASSERT_TRUE(stream->has("hello ping"));
    EXPECT_EQ(engine->instances("test", function_).at(0).state, "busy");
    EXPECT_EQ(say("hi"), "hi") << "another call beside it";
    EXPECT_FALSE(stream->has_ended());
    stream->control().finish();
    const auto report = stream->report();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->outcome, InvokeOutcome::Succeeded) << report->payload;
    EXPECT_TRUE(report->streamed);
    EXPECT_EQ(environments(), 1u);
    EXPECT_TRUE(has(logged(report->instance_id), "the client has ended"));
    EXPECT_EQ(say("connections"), "2") << "an upgraded connection carries no request again";
}

TEST_F(HttpStreams, MebibytesPassBothWays) {
    serve();
    const auto stream = go_over();
    std::string sent;
    for (int i = 0; i < 64; ++i) {
        const std::string piece(64 << 10, static_cast<char>('a' + i % 26));
        ASSERT_TRUE(stream->send(piece));
        sent += piece;
    }
    ASSERT_TRUE(stream->has_size(sent.size()));
    EXPECT_TRUE(stream->body() == sent);
    stream->control().finish();
    EXPECT_TRUE(stream->report());
}

TEST_F(HttpStreams, EitherSideMayEndAnUpgradedConnection) {
    serve();
    const auto by_server = go_over("once");
    EXPECT_TRUE(by_server->send("ping"));
    const auto ended = by_server->report();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->outcome, InvokeOutcome::Succeeded) << ended->payload;
    EXPECT_EQ(by_server->body(), "ping");
    const auto half_closed = go_over("last words");
    half_closed->control().finish();
    ASSERT_TRUE(half_closed->report());
    EXPECT_EQ(half_closed->body(), "bye") << "a client that sends no more may still read";
    const auto gone = go_over();
    EXPECT_TRUE(gone->send("ping"));
    ASSERT_TRUE(gone->has("ping"));
    gone->control().close();
    const auto left = gone->report();
    ASSERT_TRUE(left);
    EXPECT_EQ(left->outcome, InvokeOutcome::Succeeded);
    EXPECT_EQ(left->instance_id, ended->instance_id) << "and the environment goes on";
    EXPECT_EQ(say("hi"), "hi");
}

TEST_F(HttpStreams, WhatEndsTheServerEndsAnUpgradedConnection) {
    serve(1);
    const auto exits = go_over("exit");
    (void)exits->control().send("x");
    const auto exited = exits->report();
    ASSERT_TRUE(exited);
    EXPECT_EQ(exited->end, EnvironmentEnd::Exited) << exited->payload;
    const auto late = go_over()->report();
    ASSERT_TRUE(late);
    EXPECT_EQ(late->end, EnvironmentEnd::TimedOut) << late->payload;
    EXPECT_TRUE(late->streamed);
}

TEST_F(HttpStreams, OnlyWhatWasAskedForIsGoneOverTo) {
    serve();
    for (const char* how : {"nothing", "other"}) {
        const auto report = go_over(how)->report();
        ASSERT_TRUE(report);
        EXPECT_FALSE(report->streamed) << how;
        EXPECT_EQ(report->outcome, InvokeOutcome::UnhandledError) << how;
        EXPECT_TRUE(has(report->payload, "has status 101")) << how << ": " << report->payload;
    }
    const auto unasked = call("switch")->report();
    ASSERT_TRUE(unasked);
    EXPECT_TRUE(has(unasked->payload, "has status 101")) << unasked->payload;
    InvokeRequest buffered = request({});
    buffered.http->upgrade = "websocket";
    const auto without_stream = engine->invoke(buffered);
    ASSERT_TRUE(without_stream && without_stream->http);
    EXPECT_EQ(without_stream->http->status, 200u) << "without a stream nobody asks the server";
    const auto refused = go_over("refuse")->report();
    ASSERT_TRUE(refused && refused->http);
    EXPECT_EQ(refused->http->status, 426u);
    EXPECT_EQ(refused->payload, "no");
}

}  // namespace
}  // namespace hotcell
