// The queue of asynchronous calls on a clock and a function that the test drives: what is kept, tried again, given up, told.
#include "engine/dispatch/async/event_queue.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <deque>

#include "engine/database/database.h"
#include "engine/dispatch/async/migrations.h"
#include "engine/linux/unique_fd.h"
#include "tests/support/temporary_directory.h"

namespace hotcell::dispatch::async {
namespace {

using Answer = std::function<void(Result<InvokeReport>)>;

struct Attempt {
    InvokeRequest request;
    Answer answer;
};

class EventQueueTest : public ::testing::Test {
protected:
    void open() {
        QueueParts parts;
        parts.invoke = [this](InvokeRequest request, Answer answer) {
            attempts.push_back({std::move(request), std::move(answer)});
        };
        parts.cancel = [this](const std::string& id) { cancelled.push_back(id); };
        parts.config = [this](const FunctionReference& of) {
            const auto known = configs.find(of.function);
            return known == configs.end() ? AsyncConfig{} : known->second;
        };
        parts.wake = [this] { woken = true; };
        parts.wake_in = [this](std::int64_t ms) { wake_in = ms; };
        parts.count = [this](const std::string&, const std::string&, Happening what, double) { ++counts[what]; };
        parts.log = [](const std::string&) {};
        parts.new_id = [this] { return "made-" + std::to_string(++made); };
        parts.clock = {[this] { return wall; }, [this] { return monotonic; }};
        auto opened = EventQueue::open(path, limits);
        ASSERT_TRUE(opened) << opened.error().message();
        queue = std::move(*opened);
        queue->begin(std::move(parts));
        turn();
    }
    void reopen() {
        queue.reset();
        attempts.clear();
        open();
    }
    void turn() {
        woken = false;
        queue->turn();
    }
    /// Time passes, and what is due then is done.
    void pass(std::int64_t ms) {
        wall += ms;
        monotonic += ms;
        turn();
    }
    void enqueue(const std::string& function, const std::string& id, const std::string& event = "e",
                 bool stateful = true, std::uint32_t delay_s = 0) {
        AsyncRequest request;
        request.call.service = "s";
        request.call.function = function;
        request.call.event = event;
        request.call.request_id = "request-" + id;
        request.invocation_id = id;
        request.delay_s = delay_s;
        queue->enqueue(std::move(request), stateful,
                       [this](Result<AsyncAccepted> answer) { answers.push_back(answer); });
    }
    void enqueue_http(const std::string& function, const std::string& id, const std::string& target) {
        AsyncRequest request;
        request.call.service = "s";
        request.call.function = function;
        request.call.event = "body";
        request.call.request_id = request.invocation_id = id;
        request.call.http.emplace().path = target;
        queue->enqueue(std::move(request), true, [this](Result<AsyncAccepted> answer) { answers.push_back(answer); });
        turn();
    }
    void accept(const std::string& function, const std::string& id, const std::string& event = "e",
                bool stateful = true) {
        enqueue(function, id, event, stateful);
        turn();
        ASSERT_FALSE(answers.empty());
        ASSERT_TRUE(answers.back()) << answers.back().error().message();
    }
    Attempt take() {
        EXPECT_FALSE(attempts.empty());
        if (attempts.empty()) return {{}, [](const Result<InvokeReport>&) {}};
        Attempt first = std::move(attempts.front());
        attempts.pop_front();
        return first;
    }
    void succeed(const std::string& result = "r") {
        InvokeReport report;
        report.payload = result;
        report.instance_id = "c-1";
        take().answer(report);
        turn();
    }
    void fail_function() {
        InvokeReport report;
        report.outcome = InvokeOutcome::UnhandledError;
        report.payload = R"({"errorMessage": "it broke"})";
        take().answer(report);
        turn();
    }
    void refuse(ErrorKind kind) {
        take().answer(std::unexpected(Error{kind, 0, "no", {}, {}}));
        turn();
    }
    std::string status(const std::string& function, const std::string& id) {
        const auto found = record(function, id);
        return found ? found->status : found.error().code;
    }
    Result<AsyncRecord> record(const std::string& function, const std::string& id) {
        Result<AsyncRecord> got;
        queue->get({"s", "", function}, id, [&](Result<AsyncRecord> answer) { got = std::move(answer); });
        turn();
        return got;
    }
    Result<> stop(const std::string& function, const std::string& id) {
        Result<> got = std::unexpected(Error{});
        queue->stop({"s", "", function}, id, [&](const Result<>& answer) { got = answer; });
        turn();
        return got;
    }
    Page<AsyncRecord> list(const AsyncListRequest& request) {
        Page<AsyncRecord> page;
        queue->list({"s", "", "f"}, request, [&](Result<Page<AsyncRecord>> answer) {
            ASSERT_TRUE(answer) << answer.error().message();
            page = std::move(*answer);
        });
        turn();
        return page;
    }

    TemporaryDirectory directory;
    const std::string path = directory / "queue.sqlite";
    QueueLimits limits;
    std::map<std::string, AsyncConfig> configs;
    std::int64_t wall = 1'790'000'000'000;
    std::int64_t monotonic = 1'000'000;
    std::int64_t wake_in = 0;
    bool woken = false;
    int made = 0;
    std::deque<Attempt> attempts;
    std::vector<std::string> cancelled;
    std::vector<Result<AsyncAccepted>> answers;
    std::map<Happening, int> counts;
    std::unique_ptr<EventQueue> queue;
};

TEST_F(EventQueueTest, AcceptsCallsAndRemembers) {
    open();
    enqueue("f", "one", std::string("\0\xff bytes", 8));
    EXPECT_TRUE(woken);
    EXPECT_TRUE(answers.empty());  // not before it is on the disk
    turn();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0]->request_id, "request-one");
    EXPECT_EQ(answers[0]->invocation_id, "one");
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_EQ(attempts[0].request.event, std::string("\0\xff bytes", 8));
    EXPECT_EQ(attempts[0].request.request_id, "request-one");
    EXPECT_EQ(attempts[0].request.retry_count, 0u);
    EXPECT_EQ(status("f", "one"), "Running");
    wall += 5;
    succeed("result");
    const auto done = record("f", "one");
    ASSERT_TRUE(done);
    EXPECT_EQ(done->status, "Succeeded");
    EXPECT_EQ(done->result, "result");
    EXPECT_EQ(done->payload, std::string("\0\xff bytes", 8));
    EXPECT_EQ(done->instance_id, "c-1");
    EXPECT_EQ(done->ended_ms - done->started_ms, 5);
    std::string history;
    for (const auto& event : done->events) history += event.status + " ";
    EXPECT_EQ(history, "Enqueued Dequeued Running Succeeded ");
    EXPECT_EQ(queue->state().waiting + queue->state().running, 0u);
}

TEST_F(EventQueueTest, KeepsTheRequestOfAnHttpFunctionForEveryAttempt) {
    open();
    enqueue_http("f", "one", "/a/b");
    ASSERT_EQ(attempts.size(), 1u);
    ASSERT_TRUE(attempts.front().request.http);
    EXPECT_EQ(attempts.front().request.http->path, "/a/b");
    EXPECT_EQ(attempts.front().request.event, "body");
    reopen();  // with the attempt under way
    pass(0);
    ASSERT_EQ(attempts.size(), 1u);
    ASSERT_TRUE(attempts.front().request.http);
    EXPECT_EQ(attempts.front().request.http->path, "/a/b");
    succeed("answer");
    EXPECT_EQ(record("f", "one")->result, "answer");
}

TEST_F(EventQueueTest, AnHttpRequestThatIsNoneAnyMoreFailsAlone) {
    limits.most_running = 0;
    open();
    enqueue_http("f", "broken", "/");
    enqueue_http("f", "sound", "/");
    queue.reset();
    limits.most_running = 2;
    {
        const database::Kind kind{"queue", 0x68635175, migrations()};
        auto disk = database::Database::open(path, kind);
        ASSERT_TRUE(disk) << disk.error().message();
        auto broken = disk->prepare("UPDATE http_calls SET request = x'7b7d' WHERE number = 1");
        ASSERT_TRUE(broken) << broken.error().message();
        ASSERT_TRUE(broken->run());
    }
    open();
    turn();
    EXPECT_EQ(status("f", "broken"), "Failed");
    EXPECT_NE(record("f", "broken")->error_message.find("HTTP request"), std::string::npos);
    succeed();
    EXPECT_EQ(status("f", "sound"), "Succeeded");
}

TEST_F(EventQueueTest, TriesErrorsOfTheFunctionAgainAsOftenAsConfigured) {
    configs["f"].most_retries = 2;
    open();
    accept("f", "one");
    for (const std::int64_t wait : {500, 1000}) {
        const std::string id = attempts.front().request.request_id;
        fail_function();
        EXPECT_EQ(id, "request-one");
        EXPECT_EQ(status("f", "one"), "Retrying");
        pass(wait - 1);
        EXPECT_TRUE(attempts.empty());
        pass(1);
        ASSERT_EQ(attempts.size(), 1u);
    }
    EXPECT_EQ(attempts.front().request.retry_count, 2u);
    fail_function();
    const auto done = record("f", "one");
    EXPECT_EQ(done->status, "Failed");
    EXPECT_EQ(done->error_message, "it broke");
    EXPECT_EQ(done->retries, 2u);
    EXPECT_EQ(counts[Happening::Retried], 2);
    EXPECT_EQ(counts[Happening::Failed], 1);
    pass(1'000'000);
    EXPECT_TRUE(attempts.empty());
}

TEST_F(EventQueueTest, TriesAgainWithoutEndWhileThereIsNoRoomUntilItIsTooOld) {
    configs["f"].most_age_s = 20;
    open();
    accept("f", "one");
    int tried = 0;
    for (; !attempts.empty(); ++tried) {
        refuse(tried % 2 == 0 ? ErrorKind::Exhausted : ErrorKind::Broken);
        pass(wake_in);
    }
    EXPECT_EQ(tried, 6);  // after 0, 0.5, 1.5, 3.5, 7.5 and 15.5 s
    EXPECT_EQ(status("f", "one"), "Expired");
    EXPECT_EQ(counts[Happening::Expired], 1);
}

TEST_F(EventQueueTest, GivesUpAtOnceWhatWillNeverBePossible) {
    open();
    accept("f", "one");
    refuse(ErrorKind::NotFound);
    EXPECT_EQ(status("f", "one"), "Failed");
}

TEST_F(EventQueueTest, AFunctionThatNeverAnswersHoldsUpNoOther) {
    limits.most_running = 20;
    limits.most_running_of_function = 4;
    open();
    for (int i = 0; i < 50; ++i) enqueue("poison", "p" + std::to_string(i));
    turn();
    EXPECT_EQ(attempts.size(), 4u);
    attempts.clear();  // they hang
    for (int i = 0; i < 50; ++i) {
        accept("f", "good" + std::to_string(i));
        ASSERT_EQ(attempts.size(), 1u);
        succeed();
    }
    EXPECT_EQ(counts[Happening::Succeeded], 50);
}

TEST_F(EventQueueTest, LanesShareWhatIsFree) {
    limits.most_running = 6;
    open();
    for (const char* function : {"a", "b", "c"})
        for (int i = 0; i < 10; ++i) enqueue(function, function + std::to_string(i));
    turn();
    std::map<std::string, int> taken;
    for (const Attempt& attempt : attempts) ++taken[attempt.request.function];
    EXPECT_EQ(taken, (std::map<std::string, int>{{"a", 2}, {"b", 2}, {"c", 2}}));
}

TEST_F(EventQueueTest, AnEndFreesItsPlaceInTheSameTurn) {
    limits.most_running = 1;
    open();
    accept("f", "one");
    enqueue("f", "two");
    turn();
    ASSERT_EQ(attempts.size(), 1u);
    succeed();
    EXPECT_EQ(attempts.size(), 1u);
}

TEST_F(EventQueueTest, WaitsAsLongAsAsked) {
    open();
    enqueue("f", "one", "e", true, 3600);
    turn();
    EXPECT_EQ(status("f", "one"), "Enqueued");
    pass(3'599'999);
    EXPECT_TRUE(attempts.empty());
    pass(1);
    EXPECT_EQ(attempts.size(), 1u);
}

TEST_F(EventQueueTest, NoClockThatIsSetMakesAnythingEarlyLateOrOld) {
    open();
    enqueue("f", "one", "e", true, 60);
    turn();
    wall += 86'400'000;
    pass(59'999);
    EXPECT_TRUE(attempts.empty());
    wall -= 3 * 86'400'000ll;
    pass(1);
    EXPECT_EQ(attempts.size(), 1u);
    refuse(ErrorKind::Exhausted);
    wall += 400 * 86'400'000ll;
    pass(500);
    EXPECT_EQ(attempts.size(), 1u);
    EXPECT_EQ(counts[Happening::Expired], 0);
}

TEST_F(EventQueueTest, AnAttemptThatTheEnginesEndCutShortIsMadeAgainAndCounted) {
    open();
    accept("f", "one");
    enqueue("f", "later", "e", true, 10);
    turn();
    reopen();
    EXPECT_EQ(counts[Happening::Duplicate], 1);
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_EQ(attempts.front().request.request_id, "request-one");
    EXPECT_EQ(attempts.front().request.retry_count, 1u);
    succeed();
    pass(10'000);
    EXPECT_EQ(attempts.size(), 1u);
}

TEST_F(EventQueueTest, WhenItIsClosedItKeepsWhatDidNotSucceed) {
    open();
    accept("f", "one");
    accept("f", "two");
    queue->close();
    turn();
    enqueue("f", "three");
    turn();
    EXPECT_EQ(answers.back().error().kind, ErrorKind::Exhausted);
    fail_function();
    succeed();
    EXPECT_TRUE(attempts.empty());
    reopen();
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_EQ(attempts.front().request.request_id, "request-one");
    EXPECT_EQ(counts[Happening::Duplicate], 0);  // what was cut short was told in time
    EXPECT_EQ(status("f", "two"), "Succeeded");
}

TEST_F(EventQueueTest, TellsItsDestinationsInTheShapeOfFunctionCompute) {
    configs["f"].on_success = "acs:fc:cn-hangzhou:123:services/s.prod/functions/told";
    configs["f"].on_failure = "acs:fc:r:a:services/s/functions/mourn";
    configs["f"].most_retries = 0;
    open();
    accept("f", "one", "ev\xff");
    succeed("res");
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_EQ(attempts.front().request.function, "told");
    EXPECT_EQ(attempts.front().request.qualifier, "prod");
    EXPECT_EQ(boost::json::parse(attempts.front().request.event), boost::json::parse(R"({"timestamp": 1790000000000,
        "requestContext": {"requestId": "request-one", "functionArn": "acs:fc:local:0:services/s.LATEST/functions/f",
                           "condition": "", "approximateInvokeCount": 1},
        "requestPayload": "ev\ufffd", "responseContext": {"statusCode": 200, "functionError": ""},
        "responsePayload": "res"})"));
    EXPECT_EQ(record("f", "one")->destination_status, "Succeeded");
    succeed();
    accept("f", "two");
    fail_function();
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_EQ(attempts.front().request.function, "mourn");
    const auto told = boost::json::parse(attempts.front().request.event).as_object();
    EXPECT_EQ(told.at("responseContext").at("functionError"), "UnhandledInvocationError");
    EXPECT_EQ(counts[Happening::DestinationSucceeded], 2);
}

TEST_F(EventQueueTest, WhatItsDestinationIsToldOutlivesAKill) {
    configs["f"].on_success = "acs:fc:r:a:services/s/functions/told";
    open();
    accept("f", "one");
    succeed();
    reopen();  // as the attempt at the destination runs
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_EQ(attempts.front().request.function, "told");
}

TEST_F(EventQueueTest, EndsACircleOfDestinations) {
    configs["f"].on_success = "acs:fc:r:a:services/s/functions/f";
    limits.most_hops = 3;
    open();
    accept("f", "one");
    int calls = 0;
    for (; !attempts.empty(); ++calls) succeed();
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(counts[Happening::DestinationFailed], 1);
}

TEST_F(EventQueueTest, AnEventTooLargeForItsDestinationIsCounted) {
    configs["f"].on_success = "acs:fc:r:a:services/s/functions/told";
    open();
    accept("f", "one", std::string(100 << 10, 'x'));
    succeed(std::string(100 << 10, 'y'));
    EXPECT_TRUE(attempts.empty());
    EXPECT_EQ(counts[Happening::DestinationFailed], 1);
    EXPECT_NE(record("f", "one")->destination_status.find("payload size exceeds"), std::string::npos);
}

TEST_F(EventQueueTest, RefusesAnIdThatIsTaken) {
    open();
    accept("f", "one");
    enqueue("f", "one");
    turn();
    ASSERT_FALSE(answers.back());
    EXPECT_EQ(answers.back().error().kind, ErrorKind::Conflict);
    succeed();
    enqueue("f", "one");  // taken as long as it is remembered
    turn();
    EXPECT_FALSE(answers.back());
    accept("g", "one");  // another function's
}

TEST_F(EventQueueTest, StopsWhatWaitsAtOnceAndWhatRunsByEndingIt) {
    open();
    enqueue("f", "waits", "e", true, 100);
    accept("f", "runs");
    EXPECT_TRUE(stop("f", "waits"));
    EXPECT_EQ(status("f", "waits"), "Stopped");
    EXPECT_TRUE(stop("f", "runs"));
    EXPECT_EQ(cancelled, std::vector<std::string>{"request-runs"});
    EXPECT_EQ(status("f", "runs"), "Stopping");
    EXPECT_TRUE(stop("f", "runs"));
    fail_function();
    EXPECT_EQ(status("f", "runs"), "Stopped");
    const auto again = stop("f", "runs");
    EXPECT_EQ(again.error().code, "InvalidArgument");
    EXPECT_EQ(stop("f", "nobody").error().kind, ErrorKind::NotFound);
    pass(1'000'000);
    EXPECT_TRUE(attempts.empty());
    EXPECT_EQ(queue->state().waiting, 0u);
}

TEST_F(EventQueueTest, WhatWasBeingStoppedWhenTheEngineEndedIsStopped) {
    open();
    accept("f", "one");
    ASSERT_TRUE(stop("f", "one"));
    reopen();
    EXPECT_TRUE(attempts.empty());
    EXPECT_EQ(status("f", "one"), "Stopped");
}

TEST_F(EventQueueTest, ListsByStatusTimeAndPrefixInPages) {
    limits.most_running = limits.most_running_of_function = 100;
    open();
    const std::int64_t begin = wall;
    for (int i = 0; i < 7; ++i) {
        accept("f", (i % 2 ? "odd-" : "even-") + std::to_string(i));
        ++wall;
    }
    accept("g", "odd-9");
    succeed();
    AsyncListRequest request;
    request.limit = 3;
    std::string seen;
    for (int pages = 0; pages < 3; ++pages) {
        const auto page = list(request);
        for (const auto& one : page.items) seen += one.invocation_id + " ";
        EXPECT_EQ(page.items.front().payload, "");
        request.next_token = page.next_token;
    }
    EXPECT_EQ(seen, "even-6 odd-5 even-4 odd-3 even-2 odd-1 even-0 ");
    EXPECT_EQ(request.next_token, "");
    EXPECT_EQ(list({.status = "Succeeded", .id_prefix = {}, .next_token = {}}).items.size(), 1u);
    EXPECT_EQ(list({.status = "Invalid", .id_prefix = {}, .next_token = {}}).items.size(), 0u);
    request = {};
    request.ascending = true;
    request.id_prefix = "odd-";
    request.with_payload = true;
    const auto odd = list(request);
    ASSERT_EQ(odd.items.size(), 3u);
    EXPECT_EQ(odd.items[0].invocation_id, "odd-1");
    EXPECT_EQ(odd.items[0].payload, "e");
    request.started_from_ms = begin + 2;
    request.started_to_ms = begin + 4;
    EXPECT_EQ(list(request).items.size(), 1u);
}

TEST_F(EventQueueTest, ForgetsRecordsAfterAWeekAndOthersAtOnce) {
    open();
    accept("f", "kept");
    accept("f", "plain", "e", false);
    succeed();
    succeed();
    EXPECT_EQ(status("f", "plain"), "StatefulAsyncInvocationNotFound");
    pass(7ll * 86'400'000 - 1);
    EXPECT_EQ(status("f", "kept"), "Succeeded");
    pass(60'001);
    EXPECT_EQ(status("f", "kept"), "StatefulAsyncInvocationNotFound");
    EXPECT_EQ(queue->state().records, 0u);
}

TEST_F(EventQueueTest, ForgetsTheOldestRecordsWhereThereAreTooMany) {
    limits.most_records = 5;
    open();
    for (int i = 0; i < 9; ++i) {
        accept("f", "r" + std::to_string(i));
        succeed();
        ++monotonic;
    }
    EXPECT_EQ(queue->state().records, 5u);
    EXPECT_EQ(status("f", "r3"), "StatefulAsyncInvocationNotFound");
    EXPECT_EQ(status("f", "r8"), "Succeeded");
}

TEST_F(EventQueueTest, RefusesWhatIsTooManyForItAndForOneFunction) {
    limits.most_waiting = 8;
    open();
    for (int i = 0; i < 5; ++i) enqueue("f", "f" + std::to_string(i));
    turn();
    ASSERT_FALSE(answers.back());
    EXPECT_EQ(answers.back().error().kind, ErrorKind::Exhausted);
    EXPECT_EQ(answers.back().error().doing, "asynchronous calls that wait of function 'f': 4, at most 4 may");
    for (int i = 0; i < 4; ++i) accept(i % 2 ? "g" : "h", "x" + std::to_string(i));
    enqueue("i", "last");
    turn();
    EXPECT_EQ(answers.back().error().doing, "asynchronous calls that wait: 8, at most 8 may");
    succeed();
    accept("i", "last");
}

// ---- the disk ---------------------------------------------------------------------------------------------------------

/// Runs `body` in a process whose files may not grow beyond `bytes`, the full disk that needs no root.
template <class Body>
int in_a_child(Body&& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        ::_exit(body());
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << status;
    return WEXITSTATUS(status);
}

void limit_files(rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

TEST_F(EventQueueTest, AFullDiskRefusesForgetsNothingAndRecoversByItself) {
    open();
    queue.reset();
    EXPECT_EQ(in_a_child([&] {
                  open();
                  accept("f", "before");
                  limit_files(64 << 10);
                  std::size_t refused = 0;
                  for (int i = 0; i < 100 && refused == 0; ++i) {
                      enqueue("g", "g" + std::to_string(i), std::string(8000, 'x'));
                      turn();
                      if (!answers.back()) ++refused;
                  }
                  if (refused == 0) return 1;
                  const std::size_t accepted = answers.size() - 2;
                  const std::size_t begun = attempts.size();
                  succeed();  // of "before": cannot be written now
                  if (status("f", "before") != "Running") return 2;
                  enqueue("g", "at once", "x");  // refused without another look at the disk
                  turn();
                  if (answers.back()) return 3;
                  limit_files(RLIM_INFINITY);
                  pass(1000);
                  if (status("f", "before") != "Succeeded") return 4;
                  enqueue("g", "after", "x");
                  turn();
                  if (!answers.back()) return 5;
                  if (queue->state().waiting + queue->state().running != accepted + 1) return 6;
                  return begun > 0 ? 0 : 7;
              }),
              0);
    reopen();
    EXPECT_EQ(status("f", "before"), "Succeeded");
}

/// Enqueues and finishes without end, and says the number of each that was acknowledged.
[[noreturn]] void work_until_killed(EventQueue& queue, std::deque<Attempt>& attempts, int say, std::uint32_t from) {
    for (std::uint32_t i = from;; ++i) {
        AsyncRequest request;
        request.call.service = "s";
        request.call.function = "f";
        request.call.request_id = request.invocation_id = "n" + std::to_string(i);
        queue.enqueue(std::move(request), true, [&](const Result<AsyncAccepted>& accepted) {
            if (!accepted || ::write(say, &i, sizeof i) != sizeof i) ::_exit(1);
        });
        queue.turn();
        if (i % 3 == 0 && !attempts.empty()) {
            attempts.front().answer(InvokeReport{});
            attempts.pop_front();
        }
    }
}

TEST_F(EventQueueTest, LosesNothingThatWasAcknowledgedWhenItIsKilled) {
    std::uint32_t next = 0;
    for (int life = 0; life < 6; ++life) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        linux::UniqueFd hear(ends[0]), say(ends[1]);
        const pid_t writer = ::fork();
        ASSERT_GE(writer, 0);
        if (writer == 0) {
            open();
            work_until_killed(*queue, attempts, say.get(), next);
        }
        say.reset();
        std::uint32_t acknowledged = 0;
        for (int i = 0; i < 5 + life * 7; ++i)
            ASSERT_EQ(::read(hear.get(), &acknowledged, sizeof acknowledged),
                      static_cast<ssize_t>(sizeof acknowledged));
        ASSERT_EQ(::kill(writer, SIGKILL), 0);
        int status_of = 0;
        ASSERT_EQ(::waitpid(writer, &status_of, 0), writer);
        while (::read(hear.get(), &acknowledged, sizeof acknowledged) > 0) {}
        next = acknowledged + 2;  // one may be there without having been acknowledged
    }
    open();
    std::uint32_t there = 0;
    for (std::uint32_t i = 0; i < next; ++i)
        there += status("f", "n" + std::to_string(i)) != "StatefulAsyncInvocationNotFound";
    EXPECT_GE(there, next - 6);  // all but those that were on their way
}

}  // namespace
}  // namespace hotcell::dispatch::async
