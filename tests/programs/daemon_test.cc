// hotcelld end to end: a real daemon in its jail, real sandboxes, the command line in front.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/api/raw_client.h"
#include "tests/programs/daemon_process.h"
#include "tests/programs/hotcell_command.h"
#include "tests/programs/one_daemon.h"
#include "tests/support/requires.h"

namespace hotcell {

namespace {

using api::RawClient;
using test::DaemonProcess;
using test::Ended;
using test::hotcell;
using test::read_file;

class Daemon : public ::testing::Test {
protected:
    void SetUp() override { HOTCELL_REQUIRES(::hotcell::testing::root()); }
};

/// For the tests that only talk to it.
class RunningDaemon : public test::OneDaemon {
protected:
    static std::string get(const std::string& path) {
        RawClient client(daemon->socket());
        client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return client.read_all();
    }
    static std::string script(const std::string& name, const std::string& text) {
        const auto path = daemon->home() + "/" + name;
        std::ofstream(path) << text;
        return path;
    }
};

std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> children;
    std::istringstream words(read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children"));
    for (pid_t child; words >> child;) children.push_back(child);
    return children;
}

std::string status_field(pid_t pid, const std::string& name) {
    std::istringstream lines(read_file("/proc/" + std::to_string(pid) + "/status"));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of("\t ", name.size() + 1));
    return "";
}

TEST_F(RunningDaemon, AnswersItsRoutes) {
    EXPECT_NE(get("/healthz").find("alive"), std::string::npos);
    EXPECT_NE(get("/version").find(R"("name":"hotcell")"), std::string::npos);
    const auto engine = get("/v1/engine");
    for (const char* word : {R"("runtime":"python3","start":"zygote")", R"("confinement":[)",
                             R"("name":"vpcConfig","state":"kept")", R"("name":"landlock")", R"("cgroupDriver":)",
                             R"("name":"user-namespaces")", R"("features":[)", R"("reason":)"})
        EXPECT_NE(engine.find(word), std::string::npos) << word << "\n" << engine;
}

TEST_F(RunningDaemon, RunsACompiledProgramInBothKindsOfSlot) {
    for (const char* slot : {"pooled", "fresh"}) {
        const auto ended = hotcell(*daemon, std::string("run -e 'some bytes' --slot ") + slot + " " +
                                                test::kTestProgramsDir + "/count_bytes -- one two");
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_EQ(ended.out, "10 2 two\n");
    }
}

TEST_F(RunningDaemon, RunsPythonByExecAndByZygote) {
    const auto path = script("hello.py",
                             "import os, sys\n"
                             "print(sys.stdin.read().upper(), sys.argv[1:], os.environ.get('A'), os.getuid())\n"
                             "print('a line of the log', file=sys.stderr)\n"
                             "sys.exit(3)\n");
    for (const char* start : {"exec", "zygote"}) {
        const auto ended =
            hotcell(*daemon, std::string("run -o json -e text --env A=b --start ") + start + " " + path + " -- x");
        EXPECT_EQ(ended.status, 3) << ended.err;
        EXPECT_NE(ended.out.find("\"output\":\"TEXT ['x'] b 1000\\n\""), std::string::npos) << ended.out;
        EXPECT_NE(ended.out.find(R"("log":"a line of the log\n")"), std::string::npos) << ended.out;
        EXPECT_NE(ended.out.find(std::string("\"start\":\"") + start + "\""), std::string::npos) << ended.out;
        for (const char* phase : {"queue", "sandbox", "code", "runtime", "handler", "respond"})
            EXPECT_NE(ended.out.find(std::string("\"name\":\"") + phase + "\""), std::string::npos) << phase;
    }
}

TEST_F(RunningDaemon, TellsHowAProgramEnded) {
    const auto loops = script("loops.py", "while True: pass\n");
    EXPECT_EQ(hotcell(*daemon, "run --timeout 300ms " + loops).status, 124);
    const auto eats = script("eats.py", "data = []\nwhile True: data.append(bytearray(1 << 20))\n");
    const auto eaten = hotcell(*daemon, "run -o json --memory 32MiB --timeout 20s --start exec " + eats);
    EXPECT_NE(eaten.out.find(R"("outcome":"out-of-memory")"), std::string::npos) << eaten.out << eaten.err;
    EXPECT_EQ(eaten.status, 137);
    const auto aborts = script("aborts.py", "import os\nos.abort()\n");
    EXPECT_EQ(hotcell(*daemon, "run " + aborts).status, 128 + SIGABRT);
    const auto talks = script("talks.py", "print('x' * 100000)\n");
    const auto cut = hotcell(*daemon, "run --max-output 1KiB " + talks);
    EXPECT_EQ(cut.out.size(), 1024u);
    EXPECT_NE(cut.err.find("cut at its limit"), std::string::npos) << cut.err;
}

TEST_F(RunningDaemon, RefusesWhatItCannotRun) {
    const auto path = script("fine.py", "print('hello')\n");
    const auto unknown = hotcell(*daemon, "run --runtime cobol60 " + path);
    EXPECT_EQ(unknown.status, 125);
    EXPECT_NE(unknown.err.find("cobol60"), std::string::npos) << unknown.err;
    const auto no_zygote =
        hotcell(*daemon, std::string("run --start zygote ") + test::kTestProgramsDir + "/count_bytes");
    EXPECT_EQ(no_zygote.status, 125);
    const auto too_much_tmp = hotcell(*daemon, "run --tmp 3GiB " + path);
    EXPECT_EQ(too_much_tmp.status, 125);
    EXPECT_NE(too_much_tmp.err.find("tmp"), std::string::npos) << too_much_tmp.err;
    EXPECT_EQ(hotcell(*daemon, "run " + path).out, "hello\n");  // and goes on
}

TEST_F(RunningDaemon, RunsManyAtOnceWithoutMixingThem) {
    const auto path = script("echo.py", "import sys\nprint(sys.stdin.read() * 3, end='')\n");
    std::vector<std::thread> clients;
    std::array<Ended, 16> ends;
    for (std::size_t i = 0; i < ends.size(); ++i)
        clients.emplace_back([&, i] {
            ends[i] =
                hotcell(*daemon, "run --timeout 30s -e call-" + std::to_string(i) + "- " + path, std::to_string(i));
        });
    for (auto& client : clients) client.join();
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto word = "call-" + std::to_string(i) + "-";
        EXPECT_EQ(ends[i].out, word + word + word) << ends[i].err;
    }
}

/// Nanoseconds that the threads of a process and of everything below it have had a processor, by process.
std::map<std::string, std::uint64_t> time_below(pid_t pid) {
    std::map<std::string, std::uint64_t> times;
    const std::string proc = "/proc/" + std::to_string(pid);
    std::uint64_t& sum = times[std::to_string(pid) + " " + read_file(proc + "/comm")];
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator(proc + "/task", gone)) {
        std::uint64_t time = 0;
        std::istringstream(read_file(task.path().string() + "/schedstat")) >> time;
        sum += time;
    }
    for (const pid_t child : children_of(pid)) times.merge(time_below(child));
    return times;
}

TEST_F(Daemon, StartsWhereTheKernelsOwnLimitOfOpenFilesStands) {
    test::DaemonStart start;
    start.in_child = [] {
        const rlimit usual{1024, 4096};  // getrlimit(2): what a process has where nobody has set it
        if (::setrlimit(RLIMIT_NOFILE, &usual) != 0) ::_exit(1);
    };
    DaemonProcess daemon(std::move(start));
    EXPECT_TRUE(daemon.wait_until_ready()) << daemon.log();
}

TEST_F(Daemon, DoesNothingWhileNobodyCalls) {
    DaemonProcess daemon;
    ASSERT_TRUE(daemon.wait_until_ready()) << daemon.log();
    RawClient client(daemon.socket());
    while (client.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"), !client.read_answer().starts_with("HTTP/1.1 200"))
        ::poll(nullptr, 0, 10);
    // runtimes boot in the pools; then there are fifteen seconds in which no process of it is given the processor
    constexpr int kSeconds = 15;
    int quiet = 0;
    auto before = time_below(daemon.pid());
    ASSERT_GT(before.begin()->second, 0u) << "the kernel keeps no such time";
    std::string busy;
    for (int second = 0; second < 90 && quiet < kSeconds; ++second) {
        ::poll(nullptr, 0, 1000);
        auto now = time_below(daemon.pid());
        quiet = now == before ? quiet + 1 : 0;
        for (const auto& [name, time] : now)
            if (time != before[name])
                busy += std::to_string(second) + ": " + std::to_string(time - before[name]) + " ns, " + name;
        before = std::move(now);
    }
    EXPECT_EQ(quiet, kSeconds) << busy;
}

TEST_F(RunningDaemon, HoldsNoPrivilegeAndNoWayBack) {
    const auto proc = "/proc/" + std::to_string(daemon->pid());
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
        EXPECT_EQ(status_field(daemon->pid(), set), "0000000000000000") << set;
    EXPECT_EQ(status_field(daemon->pid(), "Uid"), "64000\t64000\t64000\t64000");
    EXPECT_EQ(status_field(daemon->pid(), "Gid"), "64000\t64000\t64000\t64000");
    EXPECT_EQ(status_field(daemon->pid(), "NoNewPrivs"), "1");
    EXPECT_EQ(status_field(daemon->pid(), "Seccomp"), "2");
    std::set<std::string> mounts;
    std::istringstream lines(read_file(proc + "/mountinfo"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        for (int i = 0; i < 5; ++i) words >> word;
        mounts.insert(word);
    }
    EXPECT_EQ(mounts, (std::set<std::string>{"/", daemon->state_dir(), daemon->run_dir()}));
    for (const auto& entry : std::filesystem::directory_iterator(proc + "/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
        if (gone) continue;
        EXPECT_FALSE(std::filesystem::is_directory(entry.path(), gone)) << target << " is a directory";
        EXPECT_FALSE(std::regex_search(target, std::regex("/(tasks|cgroup\\.procs|cgroup\\.threads)$"))) << target;
    }
}

TEST_F(RunningDaemon, LetsOnlyItsOwnerAndGroupConnect) {
    struct stat seen {};
    ASSERT_EQ(::stat(daemon->socket().c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 07777, 0660u);
    EXPECT_EQ(seen.st_uid, 64000u);
    const auto as_somebody = [&](uid_t uid) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setgroups(0, nullptr) != 0 || ::setgid(uid) != 0 || ::setuid(uid) != 0) ::_exit(2);
            try {
                RawClient client(daemon->socket());
                ::_exit(0);
            } catch (const std::runtime_error&) { ::_exit(errno == EACCES ? 1 : 2); }
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WEXITSTATUS(status);
    };
    EXPECT_EQ(as_somebody(65534), 1);
    EXPECT_EQ(as_somebody(64000), 0);
}

TEST_F(Daemon, FinishesWhatRunsWhenToldToEnd) {
    DaemonProcess daemon;
    ASSERT_TRUE(daemon.wait_until_ready()) << daemon.log();
    const auto helpers = children_of(daemon.pid());
    ASSERT_FALSE(helpers.empty());
    const auto path = daemon.home() + "/slow.py";
    // tells that it runs by its first output, which the client only sees at the end; /tmp is its own
    std::ofstream(path) << "import time\ntime.sleep(1)\nprint('finished')\n";
    Ended ended;
    std::thread client([&] { ended = hotcell(daemon, "run --timeout 20s --start exec " + path); });
    RawClient watcher(daemon.socket());
    for (bool busy = false; !busy;) {
        watcher.send("GET /v1/engine HTTP/1.1\r\nHost: x\r\n\r\n");
        busy = std::regex_search(watcher.read_answer(), std::regex("\"busy\":[1-9]"));
    }
    EXPECT_EQ(daemon.end(SIGTERM), 0) << daemon.log();
    client.join();
    EXPECT_EQ(ended.out, "finished\n") << ended.err << daemon.log();
    EXPECT_FALSE(std::filesystem::exists(daemon.socket()));
    for (const pid_t helper : helpers) EXPECT_NE(::kill(helper, 0), 0) << "the privileged helper is still there";
}

TEST_F(Daemon, EndsWithAnErrorWhenItsHelperDies) {
    DaemonProcess daemon;
    ASSERT_TRUE(daemon.wait_until_ready()) << daemon.log();
    const auto helpers = children_of(daemon.pid());
    ASSERT_EQ(helpers.size(), 1u);
    ::kill(helpers.front(), SIGKILL);
    EXPECT_EQ(daemon.wait(), 1) << daemon.log();
    EXPECT_NE(daemon.log().find(" error "), std::string::npos) << daemon.log();
}

TEST_F(Daemon, StartsAnewWhereAKilledOneLeftItsSocket) {
    DaemonProcess first;
    ASSERT_TRUE(first.wait_until_ready()) << first.log();
    first.end(SIGKILL);
    ASSERT_TRUE(std::filesystem::exists(first.socket()));
    DaemonProcess second({.state_dir = first.state_dir(), .run_dir = first.run_dir()});
    ASSERT_TRUE(second.wait_until_ready()) << second.log();
    const auto ended = hotcell(second, std::string("run -e abc ") + test::kTestProgramsDir + "/count_bytes -- x");
    EXPECT_EQ(ended.out, "3 1 x\n") << ended.err;
}

TEST_F(Daemon, SaysWhyItDoesNotStart) {
    DaemonProcess first;
    ASSERT_TRUE(first.wait_until_ready()) << first.log();
    const struct {
        test::DaemonStart start;
        int status;
        const char* words;
    } kCases[] = {
        {{.run_dir = first.run_dir()}, 1, "error "},
        {{.options = {"--socket", first.socket()}}, 1, "is in use"},
        {{.options = {"--socket", "/etc/passwd"}}, 1, "exists and is not a socket"},
        {{.options = {"--socket", "/" + std::string(120, 'x')}}, 1, "a path of 1..107 bytes"},
        {{.options = {"--libexec-dir", "/nonexistent"}}, 1, "/nonexistent"},
        {{.options = {"--pooled-slots", "1000"}}, 2, "pooled-slots"},
        {{.options = {"--listen", "127.0.0.1:0"}}, 2, "--listen-token-file or --keys"},
        {{.options = {"--keys", "/nonexistent"}}, 1, "/nonexistent"},
        {{.options = {"--keys", "/etc/passwd"}}, 1, "by others than its owner"},
        {{.options = {"--listen-token-file", "/etc/hostname"}}, 2, "listen"},
        {{.options = {"--listen", "127.0.0.1:0", "--listen-token-file", "/nonexistent"}}, 1, "/nonexistent"},
        {{.options = {"--listen", "127.0.0.1:0", "--listen-token-file", "/etc/passwd"}}, 1, "by others"},
        {{.options = {"--listen", "127.0.0.1:0", "--listen-token-file", "/dev/null"}}, 1, "/dev/null"},
        {{.options = {"--tmp-size", "much"}}, 2, "tmp-size"},
        {{.options = {"--uid", "0"}}, 2, "uid"},
        {{.in_child = [] { (void)(::setgroups(0, nullptr) + ::setgid(65534) + ::setuid(65534)); }}, 1, "root"},
    };
    for (const auto& [start, status, words] : kCases) {
        DaemonProcess daemon(start);
        EXPECT_EQ(daemon.wait(), status) << words << "\n" << daemon.log();
        EXPECT_NE(daemon.log().find(words), std::string::npos) << words << "\n" << daemon.log();
    }
    const auto ended = hotcell(first, std::string("run ") + test::kTestProgramsDir + "/count_bytes -- x");
    EXPECT_EQ(ended.status, 0) << "the first one is disturbed: " << ended.err;
}

TEST_F(Daemon, AnswersOverTcpFromInsideItsJail) {
    char name[] = "/tmp/hotcell-token-XXXXXX";  // 0600
    {
        const linux::UniqueFd file(::mkstemp(name));
        ASSERT_EQ(::write(file.get(), "a-token-of-letters\nmore\n", 24), 24);
    }
    DaemonProcess daemon({.options = {"--listen", "127.0.0.1:0", "--listen-token-file", name, "--listen-name", "box"}});
    ASSERT_TRUE(daemon.wait_until_ready()) << daemon.log();
    ::unlink(name);
    const auto log = daemon.log();
    std::smatch found;
    ASSERT_TRUE(std::regex_search(log, found, std::regex("and at 127\\.0\\.0\\.1:([0-9]+)"))) << log;
    const auto port = static_cast<std::uint16_t>(std::stoul(found[1].str()));
    const auto ask = [&](const std::string& host, const std::string& token) {
        RawClient client(port);
        client.send("GET /version HTTP/1.1\r\nHost: " + host + ":" + found[1].str() + "\r\nAuthorization: Bearer " +
                    token + "\r\nConnection: close\r\n\r\n");
        return client.read_all().substr(0, 12);
    };
    EXPECT_EQ(ask("127.0.0.1", "a-token-of-letters"), "HTTP/1.1 200");
    EXPECT_EQ(ask("box", "a-token-of-letters"), "HTTP/1.1 200");
    EXPECT_EQ(ask("other", "a-token-of-letters"), "HTTP/1.1 403");
    EXPECT_EQ(ask("127.0.0.1", "a-token-of-lettera"), "HTTP/1.1 401");
    EXPECT_EQ(daemon.end(SIGTERM), 0) << daemon.log();
}

TEST_F(Daemon, TakesKeysInsteadOfAToken) {
    char name[] = "/tmp/hotcell-keys-XXXXXX";  // 0600
    {
        const linux::UniqueFd file(::mkstemp(name));
        ASSERT_EQ(::write(file.get(), "akid a-secret-of-letters\n", 25), 25);
    }
    DaemonProcess daemon({.options = {"--listen", "127.0.0.1:0", "--keys", name}});
    ASSERT_TRUE(daemon.wait_until_ready()) << daemon.log();
    ::unlink(name);
    const auto log = daemon.log();
    std::smatch found;
    ASSERT_TRUE(std::regex_search(log, found, std::regex("and at 127\\.0\\.0\\.1:([0-9]+)"))) << log;
    const auto ask = [&](const std::string& more) {
        RawClient client(static_cast<std::uint16_t>(std::stoul(found[1].str())));
        client.send("GET /version HTTP/1.1\r\nHost: x\r\n" + more + "Connection: close\r\n\r\n");
        return client.read_all();
    };
    EXPECT_TRUE(ask("").starts_with("HTTP/1.1 400")) << "no proof";
    EXPECT_NE(ask("Authorization: FC nobody:x\r\n").find("InvalidAccessKeyID"), std::string::npos);
    EXPECT_NE(ask("Authorization: FC akid:x\r\nDate: Fri, 27 Nov 2020 03:53:30 GMT\r\n").find("RequestTimeTooSkewed"),
              std::string::npos);
    EXPECT_TRUE(ask("Authorization: Bearer a-secret-of-letters\r\n").starts_with("HTTP/1.1 401"));
    RawClient local(daemon.socket());
    local.send("GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(local.read_all().starts_with("HTTP/1.1 200")) << "the socket's mode has decided";
    EXPECT_EQ(daemon.end(SIGTERM), 0) << daemon.log();
}

TEST_F(Daemon, TakesASocketFromItsServiceManager) {
    char place[] = "/tmp/hotcell-socket-XXXXXX";
    ASSERT_NE(::mkdtemp(place), nullptr);
    const auto path = std::string(place) + "/passed.sock";
    const auto listener = test::bind_socket(path, SOCK_STREAM);
    ASSERT_EQ(::listen(listener.get(), 8), 0);
    {
        DaemonProcess daemon({.in_child = [&] {
            ::dup2(::dup(listener.get()), 3);
            ::setenv("LISTEN_FDS", "1", 1);
            ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        }});
        ASSERT_TRUE(daemon.wait_until_ready()) << daemon.log();
        RawClient client(path);
        client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_NE(client.read_answer().find("alive"), std::string::npos);
        EXPECT_FALSE(std::filesystem::exists(daemon.socket()));
    }
    std::filesystem::remove_all(place);
}

}  // namespace

}  // namespace hotcell
