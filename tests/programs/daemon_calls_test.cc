// Calls of functions and runs through a real daemon: what becomes of them when their client has gone.
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "tests/api/raw_client.h"
#include "tests/programs/hotcell_command.h"
#include "tests/programs/one_daemon.h"
#include "tests/support/host_processes.h"

namespace hotcell {

namespace {

using api::RawClient;
using test::hotcell;
using test::read_file;

class DaemonCalls : public test::OneDaemon {
protected:
    static void deploy(const std::string& name, const std::string& source,
                       const std::string& handler = "index.handler") {
        const auto path = daemon->home() + "/index.py";
        std::ofstream(path) << source;
        const auto made = hotcell(*daemon, "deploy test/" + name + " --runtime python3 --handler " + handler +
                                               " --timeout 60s --code " + path);
        ASSERT_EQ(made.status, 0) << made.err;
    }
    static std::string instances_of(const std::string& name) {
        const auto list = hotcell(*daemon, "instance ls -o json test/" + name);
        EXPECT_EQ(list.status, 0) << list.err;
        return list.out;
    }
    /// How many slots of each pool are in use.
    static std::string busy_slots() {
        RawClient client(daemon->socket());
        client.send("GET /v1/engine HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto answer = client.read_answer();
        std::string all;
        for (auto at = answer.find("\"busy\""); at != std::string::npos; at = answer.find("\"busy\"", at + 1))
            all += answer.substr(at, answer.find(',', at) - at);
        return all;
    }
    static std::string call_of(const std::string& path, const std::string& event) {
        return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(event.size()) + "\r\n\r\n" +
               event;
    }
    /// True once it is so; looks for at most twenty seconds.
    static bool eventually(const std::function<bool()>& is_so) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (std::chrono::steady_clock::now() < until) {
            if (is_so()) return true;
            ::poll(nullptr, 0, 5);
        }
        return false;
    }
};

constexpr char kSleeper[] =
    "import time\n"
    "def handler(event, context):\n"
    "    if event == b'sleep': time.sleep(50)\n"
    "    return 'awake'\n"
    "def web(environ, start_response):\n"
    "    time.sleep(50)\n";

TEST_F(DaemonCalls, AClientThatLeavesFreesTheEnvironmentAtOnce) {
    deploy("sleeper", kSleeper);
    deploy("web", kSleeper, "index.web");
    ASSERT_EQ(hotcell(*daemon, "trigger create test/web http --methods POST --auth anonymous").status, 0);
    for (const auto& [name, path] : {std::pair{"sleeper", "/2016-08-15/services/test/functions/sleeper/invocations"},
                                     std::pair{"web", "/2016-08-15/proxy/test/web/"}}) {
        {
            RawClient client(daemon->socket());
            client.send(call_of(path, "sleep"));
            ASSERT_TRUE(eventually([&] { return instances_of(name).find("\"busy\"") != std::string::npos; })) << name;
        }
        EXPECT_TRUE(eventually([&] { return instances_of(name) == "[]\n"; })) << name << ": " << instances_of(name);
    }
    EXPECT_EQ(hotcell(*daemon, "invoke test/sleeper").out, "awake");
    RawClient client(daemon->socket());
    client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(client.read_answer().find("hotcell_refused_total{reason=\"ClientClosedRequest\"} 2"), std::string::npos);
}

TEST_F(DaemonCalls, AClientThatLeavesEndsItsRunAndTheSandbox) {
    const auto busy = busy_slots();
    ASSERT_NE(busy, "");
    for (const std::size_t padding : {std::size_t{0}, std::size_t{1} << 20}) {
        {
            RawClient client(daemon->socket());
            const std::string body =
                "--b\r\nContent-Disposition: form-data; name=\"program\"\r\n\r\n#!/usr/bin/python3\n"
                "import ctypes, time\nctypes.CDLL(None).prctl(15, b'hotcell-left')\ntime.sleep(500)\n" +
                std::string(padding, '#') + "\r\n--b--\r\n";
            client.send(
                "POST /v1/run?timeout=300s HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                "Content-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
            ASSERT_TRUE(eventually([] { return test::processes_named("hotcell-left").size() == 1; })) << padding;
            EXPECT_NE(busy_slots(), busy) << padding;
        }
        EXPECT_TRUE(eventually([] { return test::processes_named("hotcell-left").empty(); })) << padding;
        EXPECT_TRUE(eventually([&] { return busy_slots() == busy; })) << padding;
    }
}

TEST_F(DaemonCalls, LogsAreFollowedWhileTheyAreWritten) {
    deploy("writer", "def handler(event, context):\n    print('wrote', event.decode())\n");
    const auto quiet = hotcell(*daemon, "logs test/writer");
    EXPECT_EQ(quiet.out + quiet.err, "no logs of test/writer (0 invocations so far)\n");
    test::Ended followed;
    const auto said = daemon->home() + "/said";
    std::thread follower(
        [&] { followed = hotcell(*daemon, "logs test/writer -f --match wrote 2>'" + said + "' | head -n 2", "-f"); });
    EXPECT_TRUE(eventually([&] { return read_file(said).starts_with("waiting for logs of test/writer"); }));
    // head ends after two lines, and logs with the one after them
    for (const char* event : {"one", "two", "three"}) {
        EXPECT_EQ(hotcell(*daemon, std::string("invoke test/writer -e ") + event).status, 0);
        EXPECT_TRUE(eventually([&] {
            return hotcell(*daemon, "logs test/writer").out.find(std::string("wrote ") + event) != std::string::npos;
        }));
    }
    follower.join();
    EXPECT_NE(followed.out.find(" wrote one\n"), std::string::npos) << followed.out << followed.err;
    EXPECT_NE(followed.out.find(" wrote two\n"), std::string::npos) << followed.out << followed.err;
    const auto status = hotcell(*daemon, "status test/writer");
    EXPECT_NE(status.out.find("calls      3; 1 cold starts\n"), std::string::npos) << status.out << status.err;
}

}  // namespace

}  // namespace hotcell
