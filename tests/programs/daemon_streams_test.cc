// Answers that come in pieces and upgraded connections, from a server in a sandbox through a real daemon to its client.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "tests/api/raw_client.h"
#include "tests/programs/hotcell_command.h"
#include "tests/programs/one_daemon.h"

namespace hotcell {

namespace {

using api::RawClient;
using test::hotcell;
using test::read_file;

constexpr std::size_t kFlood = std::size_t{64} << 20;
constexpr auto kPatience = std::chrono::seconds(20);

class DaemonStreams : public test::OneDaemon {
protected:
    /// The test programs' server, ten calls at a time.
    static void serve(const std::string& name, const std::string& timeout = "60s") {
        const auto folder = daemon->home() + "/" + name;
        std::filesystem::create_directory(folder);
        std::filesystem::copy_file(std::string(test::kTestProgramsDir) + "/http_server", folder + "/bootstrap");
        const auto made = hotcell(*daemon, "deploy test/" + name + " --runtime custom --handler any --timeout " +
                                               timeout + " --code " + folder);
        ASSERT_EQ(made.status, 0) << made.err;
        const std::string settings = R"({"instanceConcurrency": 10})";
        RawClient client(daemon->socket());
        client.send("PUT /2016-08-15/services/test/functions/" + name + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                    std::to_string(settings.size()) + "\r\n\r\n" + settings);
        ASSERT_TRUE(client.read_answer(kPatience).starts_with("HTTP/1.1 200"));
        ASSERT_EQ(hotcell(*daemon, "trigger create test/" + name + " http --methods GET,POST").status, 0);
    }
    static std::string post(const std::string& name, const std::string& event) {
        return "POST /2016-08-15/proxy/test/" + name +
               "/ HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(event.size()) + "\r\n\r\n" + event;
    }
    static std::string upgrade(const std::string& name, const std::string& how = "") {
        return "GET /2016-08-15/proxy/test/" + name +
               "/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-How: " + how + "\r\n\r\n";
    }
    /// The body of an answer to a call beside those that run.
    static std::string say(const std::string& name, const std::string& event) {
        RawClient client(daemon->socket());
        client.send(post(name, event));
        const auto answer = client.read_answer(kPatience);
        return answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
    }
    static std::string read_to(RawClient& client, const std::string& end) {
        std::string seen;
        while (!seen.ends_with(end)) {
            const auto more = client.read_some(kPatience);
            if (more.empty()) break;
            seen += more;
        }
        return seen;
    }
    static std::string id_in(const std::string& head) {
        return head.substr(std::min(head.find("\r\nX-Request-Id: ") + 16, head.size()), 36);
    }
    static std::string invocation(const std::string& id) {
        RawClient client(daemon->socket());
        client.send("GET /v1/invocations/" + id + " HTTP/1.1\r\nHost: x\r\n\r\n");
        return client.read_answer();
    }
    static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
    /// Of the daemon, in bytes.
    static std::size_t peak_memory() {
        const auto status = read_file("/proc/" + std::to_string(daemon->pid()) + "/status");
        return std::stoull(status.substr(status.find("VmHWM:") + 6)) << 10;
    }
};

TEST_F(DaemonStreams, PiecesReachTheClientBeforeTheAnswerEnds) {
    serve("pieces");
    RawClient client(daemon->socket());
    client.send(post("pieces", "pieces"));
    const auto head = read_to(client, "one\r\n");
    EXPECT_TRUE(has(head, "\r\nTransfer-Encoding: chunked\r\n")) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n3\r\none\r\n")) << head;
    EXPECT_FALSE(has(head, "Content-Length"));
    say("pieces", "release");
    EXPECT_EQ(read_to(client, "0\r\n\r\n"), "3\r\ntwo\r\n0\r\n\r\n");
    const auto record = invocation(id_in(head));
    EXPECT_TRUE(has(record, R"("outcome":"succeeded")")) << record;
    EXPECT_TRUE(has(record, R"("streamed":true)")) << record;
    client.send(post("pieces", "hi"));
    EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nhi")) << "the connection goes on";
}

TEST_F(DaemonStreams, ASlowReaderStopsTheServerAndCostsTheDaemonLittle) {
    serve("flood");
    EXPECT_EQ(say("flood", "hi"), "hi");
    const std::size_t memory = peak_memory();
    RawClient client(daemon->socket());
    client.send(post("flood", "flood 64"));
    std::size_t got = client.read_some(kPatience).size();
    std::string written = say("flood", "flooded"), before;
    for (int i = 0; i < 500 && (written != before || written == "0"); ++i)
        before = std::exchange(written, say("flood", "flooded"));
    EXPECT_EQ(written, before) << "it comes to rest";
    EXPECT_LT(std::stoull(written), kFlood / 8) << "what the kernel keeps, and 256 KiB of the daemon's";
    std::string last;
    while (!last.ends_with("\r\n0\r\n\r\n")) {
        const auto more = client.read_some(kPatience);
        if (more.empty()) break;
        got += more.size();
        last = (last + more).substr(last.size() + more.size() - std::min<std::size_t>(16, last.size() + more.size()));
    }
    EXPECT_GE(got, kFlood);
    EXPECT_LT(got, kFlood + kFlood / 64);
    EXPECT_LT(peak_memory(), memory + (std::size_t{8} << 20));
}

TEST_F(DaemonStreams, WhatEndsTheServerCutsTheAnswer) {
    serve("cut", "1s");
    for (const auto& [event, outcome] : {std::pair{"stop exit", R"("environmentEnd":"FunctionUnhandledError")"},
                                         std::pair{"stop hang", R"("environmentEnd":"FunctionTimeoutError")"},
                                         std::pair{"stop bad", R"("errorType":"UnhandledInvocationError")"}}) {
        RawClient client(daemon->socket());
        client.send(post("cut", event));
        const auto head = read_to(client, "one\r\n");
        ASSERT_TRUE(head.ends_with("3\r\none\r\n")) << event << head;
        std::thread releaser([] { say("cut", "release"); });
        EXPECT_EQ(client.read_all(kPatience), "") << event << ": no last chunk";
        releaser.join();
        const auto record = invocation(id_in(head));
        EXPECT_TRUE(has(record, outcome)) << event << record;
        EXPECT_TRUE(has(record, R"("outcome":"unhandled-error")")) << event << record;
    }
}

TEST_F(DaemonStreams, AClientThatGoesEndsItsCall) {
    serve("gone");
    {
        RawClient client(daemon->socket());
        client.send(post("gone", "pieces"));
        ASSERT_TRUE(read_to(client, "one\r\n").ends_with("one\r\n"));
    }
    // the environment ends with its only call
    for (int i = 0; i < 2000 && hotcell(*daemon, "instance ls -o json test/gone").out != "[]\n"; ++i) {}
    EXPECT_EQ(hotcell(*daemon, "instance ls -o json test/gone").out, "[]\n");
    RawClient client(daemon->socket());
    client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(has(client.read_answer(), "hotcell_refused_total{reason=\"ClientClosedRequest\"} 1"));
}

TEST_F(DaemonStreams, AnUpgradedConnectionPassesMebibytesBothWaysAndIsOneInvocation) {
    serve("upgrade");
    RawClient client(daemon->socket());
    client.send(upgrade("upgrade", "greet"));
    const auto head = read_to(client, "hello ");
    ASSERT_TRUE(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << head;
    std::string sent(std::size_t{4} << 20, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 2654435761u >> 13);
    std::thread sender([&] {
        client.send(sent);
        client.end_sending();
    });
    EXPECT_TRUE(client.read_all(kPatience) == sent);
    sender.join();
    const auto record = invocation(id_in(head));
    EXPECT_TRUE(has(record, R"("outcome":"succeeded")")) << record;
    EXPECT_TRUE(has(hotcell(*daemon, "logs test/upgrade").out, "the client has ended"));
}

TEST_F(DaemonStreams, TheTimeoutEndsAnUpgradedConnection) {
    serve("late", "1s");
    RawClient client(daemon->socket());
    client.send(upgrade("late"));
    const auto head = read_to(client, "\r\n\r\n");
    ASSERT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
    client.send("ping");
    EXPECT_EQ(client.read_all(kPatience), "ping");
    EXPECT_TRUE(has(invocation(id_in(head)), R"("environmentEnd":"FunctionTimeoutError")"));
}

TEST_F(DaemonStreams, AServerThatDeclinesAnswersAsEver) {
    serve("declines");
    RawClient client(daemon->socket());
    client.send(upgrade("declines", "refuse"));
    const auto answer = client.read_all(kPatience);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n")) << answer;
    EXPECT_TRUE(has(answer, "\r\nConnection: close\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nno")) << answer;
}

}  // namespace

}  // namespace hotcell
