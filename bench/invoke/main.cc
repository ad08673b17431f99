// What a call costs at the client: warm and cold through the daemon's Unix socket with a kept connection, beside a C echo
// on the same kind of socket and the same shims called directly; calls a second with eight callers; through an alias with weights, and
// with a large catalog. All in one run.
//
//   bench_invoke [--rounds N] [--seconds N] [--only warm|cold|throughput|catalog]      needs root, like the engine
//
// Warm calls are measured thrice: where the scheduler puts everybody, all on one processor, and the caller on one and everything else on
// another. A processor that has halted is dear to wake, in some virtual machines dearer than the work of a call: as scheduled, two processes
// often share one where three do not, so only the other two compare like with like.
//
// The engine is a hotcelld of its own, jail and all, on directories below /tmp.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "bench/bench_paths.h"
#include "bench/invoke/keep_alive_client.h"
#include "bench/lifecycle/plain_process.h"
#include "bench/micro/large_catalog.h"
#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"

namespace hotcell::bench {
namespace {

using Clock = std::chrono::steady_clock;

const std::string kEvent = "the quick brown fox jumps over the lazy dog\n";
const std::string kCalls = "/2016-08-15/services/bench/functions/";

double micros_since(Clock::time_point before) {
    return std::chrono::duration<double, std::micro>(Clock::now() - before).count();
}

double quantile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

/// A process of ours, ended with this object.
class Spawned {
public:
    /// `pipes`: of a shim, what it reads and what it writes.
    explicit Spawned(const std::vector<std::string>& words, std::array<int, 2> pipes = {-1, -1}) {
        std::vector<char*> arguments;
        for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        if (pipes[0] >= 0) {
            // out of each other's way first
            constexpr int kAbove = 100;
            ::posix_spawn_file_actions_adddup2(&actions, pipes[0], kAbove);
            ::posix_spawn_file_actions_adddup2(&actions, pipes[1], kAbove + 1);
            ::posix_spawn_file_actions_adddup2(&actions, kAbove, HC_CALLS_FD);
            ::posix_spawn_file_actions_adddup2(&actions, kAbove + 1, HC_ANSWERS_FD);
            for (const int fd : {kAbove, kAbove + 1}) ::posix_spawn_file_actions_addclose(&actions, fd);
            ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);  // its lines about calls
        }
        char path[] = "PATH=/usr/bin:/bin";
        char* environment[] = {path, nullptr};
        if (::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environment) != 0)
            throw std::runtime_error("start " + words[0]);
        ::posix_spawn_file_actions_destroy(&actions);
    }
    ~Spawned() {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
    Spawned(const Spawned&) = delete;

private:
    pid_t pid_ = -1;
};

/// Meanwhile this thread stays on one processor, the first or the last, and so does everything that it starts.
class OnProcessor {
public:
    enum Which { First, Last };
    explicit OnProcessor(Which which) {
        ::sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (!CPU_ISSET(cpu, &before_) || (which == First && CPU_COUNT(&one) > 0)) continue;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
        }
        ::sched_setaffinity(0, sizeof one, &one);
    }
    ~OnProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }
    OnProcessor(const OnProcessor&) = delete;

private:
    cpu_set_t before_;
};

/// An answer of fixed bytes to every request, in a process of its own: the floor of a round trip.
class Echo {
public:
    explicit Echo(const std::string& path) {
        const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 1) != 0)
            throw std::runtime_error("listen at " + path);
        pid_ = ::fork();
        if (pid_ == 0) {
            const int fd = ::accept(listener, nullptr, nullptr);
            const std::string answer =
                "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kEvent.size()) + "\r\n\r\n" + kEvent;
            char part[65536];
            while (::recv(fd, part, sizeof part, 0) > 0)
                if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
            ::_exit(0);
        }
        ::close(listener);
    }
    ~Echo() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Echo(const Echo&) = delete;

private:
    pid_t pid_ = -1;
};

/// A shim outside any sandbox, talked to as the engine does: what a call costs without the engine.
class DirectWorker {
public:
    DirectWorker(const std::vector<std::string>& shim, const std::string& handler) {
        int calls[2], answers[2];
        if (::pipe2(calls, O_CLOEXEC) != 0 || ::pipe2(answers, O_CLOEXEC) != 0) throw std::runtime_error("make pipes");
        calls_ = calls[1];
        answers_ = answers[0];
        process_ = std::make_unique<Spawned>(shim, std::array{calls[0], answers[1]});
        ::close(calls[0]);
        ::close(answers[1]);
        if (read_frame().type != HC_FRAME_READY) throw std::runtime_error("the shim is not ready");
        send_frame(
            HC_FRAME_LOAD, 0,
            R"({"handler":")" + handler +
                R"(","initializer":"","env":{"PATH":"/usr/bin:/bin"},"function":{"name":"f","handler":"h","memory":128,)"
                R"("timeout":3,"initializer":"","initializationTimeout":3},"service":{"name":"s","logProject":"",)"
                R"("logStore":"","qualifier":"LATEST","versionId":"LATEST"},"region":"local","accountId":"0"})");
    }
    ~DirectWorker() {
        ::close(calls_);
        ::close(answers_);
    }
    DirectWorker(const DirectWorker&) = delete;

    std::string call(const std::string& event) {
        static const std::string kContext =
            R"({"requestId":"00000000-0000-4000-8000-000000000000","deadlineMs":0,"credentials":{"accessKeyId":"",)"
            R"("accessKeySecret":"","securityToken":""},"retryCount":0})";
        const hc_invoke invoke{HC_CALL_HANDLER, static_cast<std::uint32_t>(kContext.size())};
        std::string payload(reinterpret_cast<const char*>(&invoke), sizeof invoke);
        send_frame(HC_FRAME_INVOKE, ++request_, payload.append(kContext).append(event));
        return read_frame().payload;
    }

private:
    struct Frame {
        std::uint16_t type = 0;
        std::string payload;
    };
    void send_frame(std::uint16_t type, std::uint64_t request, const std::string& payload) {
        const hc_frame head{static_cast<std::uint32_t>(payload.size()), type, 0, request};
        const std::string bytes = std::string(reinterpret_cast<const char*>(&head), sizeof head) + payload;
        if (::write(calls_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
            throw std::runtime_error("send a frame");
    }
    Frame read_frame() {
        hc_frame head{};
        while (received_.size() < sizeof head) receive();
        std::memcpy(&head, received_.data(), sizeof head);
        while (received_.size() < sizeof head + head.length) receive();
        Frame frame{head.type, received_.substr(sizeof head, head.length)};
        received_.erase(0, sizeof head + head.length);
        return frame;
    }
    void receive() {
        char part[65536];
        const ssize_t n = ::read(answers_, part, sizeof part);
        if (n <= 0) throw std::runtime_error("the shim has ended");
        received_.append(part, static_cast<std::size_t>(n));
    }

    int calls_ = -1;
    int answers_ = -1;
    std::unique_ptr<Spawned> process_;
    std::string received_;
    std::uint64_t request_ = 0;
};

std::string base64_of_zip(const std::string& directory, const std::string& file, const std::string& source) {
    std::ofstream(directory + "/" + file) << source;
    const PlainEnd end = run_plain({"/usr/bin/python3.11", "-I", "-c",
                                    "import base64, io, sys, zipfile\n"
                                    "out = io.BytesIO()\n"
                                    "entry = zipfile.ZipInfo(sys.argv[1])\n"
                                    "entry.external_attr = 0o100755 << 16\n"
                                    "with zipfile.ZipFile(out, 'w') as z: z.writestr(entry, sys.stdin.buffer.read())\n"
                                    "sys.stdout.write(base64.b64encode(out.getvalue()).decode())\n",
                                    file},
                                   source);
    if (end.status != 0) throw std::runtime_error("make a zip");
    return end.output;
}

const std::string kServer = HTTP_SERVER;  // tests/programs/http_server.cc: answers with the event
constexpr std::uint16_t kServerPort = 18'471;

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Row {
    std::string name;
    double floor;  // what the ratio is against
    std::vector<double> times;
};

void print(const std::vector<Row>& rows) {
    std::printf("%-36s %10s %10s %10s %8s\n", "", "p50 us", "p90 us", "p99 us", "ratio");
    for (const Row& row : rows)
        std::printf("%-36s %10.1f %10.1f %10.1f %8.2f\n", row.name.c_str(), quantile(row.times, 0.5),
                    quantile(row.times, 0.9), quantile(row.times, 0.99),
                    row.floor > 0 ? quantile(row.times, 0.5) / row.floor : 1.0);
    std::printf("\n");
}

class Bench {
public:
    /// With a catalog of such a size beside what is deployed here.
    explicit Bench(std::string directory, const CatalogSize* beside = nullptr)
        : directory_(std::move(directory)),
          socket_(directory_ + "/run/api.sock"),
          filled_(beside == nullptr || fill(directory_ + "/state", *beside)),
          begun_(Clock::now()),
          daemon_({std::string(kBinDir) + "/hotcelld", "--quiet", "--state-dir", directory_ + "/state", "--run-dir",
                   directory_ + "/run"}) {
        wait_until("/healthz");
        up_ms_ = micros_since(begun_) / 1000;
        wait_until("/readyz");
        KeepAliveClient client(socket_);
        expect(client.ask("POST", "/2016-08-15/services", R"({"serviceName":"bench"})"), 200);
        deploy(client, "python", "python3", "128", "index.py", "def handler(event, context):\n    return event\n");
        deploy(client, "nodejs", "nodejs20", "256", "index.js",
               "exports.handler = (event, context, callback) => callback(null, event);\n");
        deploy(client, "custom", "custom", "128", "bootstrap", bytes_of(kServer));
    }

    /// `apart`: the caller is on the first processor and who serves without a daemon on the last, where the daemon is already.
    void warm(int rounds, const char* where, bool apart = false) {
        std::optional<OnProcessor> placed;
        if (apart) placed.emplace(OnProcessor::Last);
        const std::string echo_path = directory_ + "/echo.sock";
        std::filesystem::remove(echo_path);
        Echo echo(echo_path);
        KeepAliveClient floor(echo_path), client(socket_);
        const std::string shims = kShimsDir, code = directory_;
        DirectWorker python({"/usr/bin/python3.11", "-I", shims + "/python/shim.py", "--code", code}, "index.handler");
        DirectWorker nodejs({"/usr/bin/node", shims + "/nodejs/shim.js", "--code", code}, "index.handler");
        const Spawned server({kServer, "at", std::to_string(kServerPort)});
        const auto direct = connect_when_it_listens(kServerPort);
        Row rows[] = {{"C echo, same socket", 0, {}},          {"python3 worker, direct", 0, {}},
                      {"python3 through the daemon", 0, {}},   {"nodejs worker, direct", 0, {}},
                      {"nodejs through the daemon", 0, {}},    {"C++ server, direct", 0, {}},
                      {"C++ server through the daemon", 0, {}}};
        const std::function<void()> work[] = {
            [&] { expect(floor.ask("POST", kCalls + "python/invocations", kEvent), 200); },
            [&] { expect_same(python.call(kEvent)); },
            [&] { invoke(client, "python"); },
            [&] { expect_same(nodejs.call(kEvent)); },
            [&] { invoke(client, "nodejs"); },
            [&] { expect_same(direct->ask("POST", "/invoke", kEvent).body); },
            [&] { invoke(client, "custom"); }};
        placed.reset();
        if (apart) placed.emplace(OnProcessor::First);
        // blocks of one kind, in turns: each is warm, all share whatever else the machine does
        constexpr int kBlock = 50;
        for (int round = -kBlock; round < rounds; round += kBlock) {
            for (int kind = 0; kind < 7; ++kind) {
                for (int i = 0; i < kBlock; ++i) {
                    const auto before = Clock::now();
                    work[kind]();
                    if (round >= 0) rows[kind].times.push_back(micros_since(before));
                }
            }
        }
        rows[1].floor = rows[2].floor = quantile(rows[1].times, 0.5);
        rows[3].floor = rows[4].floor = quantile(rows[3].times, 0.5);
        rows[5].floor = rows[6].floor = quantile(rows[5].times, 0.5);
        std::printf("warm, one caller, %s; ratio to the direct worker or server\n", where);
        print({std::begin(rows), std::end(rows)});
    }

    /// Two versions of the same code, and an alias that gives the second a tenth of the calls.
    void make_alias() {
        KeepAliveClient client(socket_);
        for (const char* description : {"first", "second"}) {
            expect(client.ask("PUT", "/2016-08-15/services/bench",
                              std::string(R"({"description":")") + description + R"("})"),
                   200);
            expect(client.ask("POST", "/2016-08-15/services/bench/versions", "{}"), 200);
        }
        expect(client.ask("POST", "/2016-08-15/services/bench/aliases",
                          R"({"aliasName":"gray","versionId":"1","additionalVersionWeight":{"2":0.1}})"),
               200);
    }

    /// What versions and the number of functions cost a warm call: another daemon has 10,000 functions and 100,000 versions more.
    static void catalog(Bench& small, Bench& large, int rounds) {
        for (Bench* one : {&small, &large}) one->make_alias();
        KeepAliveClient of_small(small.socket_), of_large(large.socket_);
        Row rows[] = {{"LATEST", 0, {}},
                      {"alias, weights 90/10", 0, {}},
                      {"LATEST, large catalog", 0, {}},
                      {"alias, large catalog", 0, {}}};
        const std::function<void()> work[] = {
            [&] { invoke(of_small, "python"); }, [&] { invoke(of_small, "python", ".gray"); },
            [&] { invoke(of_large, "python"); }, [&] { invoke(of_large, "python", ".gray"); }};
        constexpr int kBlock = 50;
        for (int round = -4 * kBlock; round < rounds; round += kBlock)
            for (int kind = 0; kind < 4; ++kind)
                for (int i = 0; i < kBlock; ++i) {
                    const auto before = Clock::now();
                    work[kind]();
                    if (round >= 0) rows[kind].times.push_back(micros_since(before));
                }
        for (Row& row : rows) row.floor = quantile(rows[0].times, 0.5);
        std::printf("warm python3 by what is deployed; ratio to LATEST\n");
        print({std::begin(rows), std::end(rows)});
        std::printf(
            "the daemon answers %.0f ms after its start, with 10,000 functions and 100,000 versions after %.0f ms\n\n",
            small.up_ms_, large.up_ms_);
    }

    void cold(int rounds) {
        KeepAliveClient client(socket_);
        const std::string python_file = directory_ + "/plain.py", node_file = directory_ + "/plain.js";
        std::ofstream(python_file) << "import sys\nsys.stdout.write(sys.stdin.read())\n";
        std::ofstream(node_file) << "process.stdin.pipe(process.stdout);\n";
        Row rows[] = {{"python3, its own start", 0, {}},
                      {"python3 through the daemon, prepared", 0, {}},
                      {"node, its own start", 0, {}},
                      {"nodejs through the daemon, prepared", 0, {}}};
        for (int round = 0; round < rounds; ++round) {
            const auto plain = [&](Row& row, const std::vector<std::string>& words) {
                const auto before = Clock::now();
                if (run_plain(words, kEvent).output != kEvent) throw std::runtime_error(words[0] + ": wrong result");
                row.times.push_back(micros_since(before));
            };
            const auto through = [&](Row& row, const std::string& function) {
                expect(client.ask("POST", "/v1/instances:evict?service=bench&function=" + function, ""), 200);
                wait_until("/readyz");
                wait_for_pools();
                const auto before = Clock::now();
                const Reply reply = invoke(client, function);
                row.times.push_back(micros_since(before));
                if (reply.head.find("runtime;dur=") == std::string::npos)
                    throw std::runtime_error(function + ": no environment was started");
            };
            plain(rows[0], {"/usr/bin/python3.11", "-I", python_file});
            through(rows[1], "python");
            plain(rows[2], {"/usr/bin/node", node_file});
            through(rows[3], "nodejs");
        }
        rows[1].floor = quantile(rows[0].times, 0.5);
        rows[3].floor = quantile(rows[2].times, 0.5);
        std::printf("cold, at the client; ratio to the interpreter's own start\n");
        print({rows[0], rows[1], rows[2], rows[3]});
    }

    void throughput(int seconds) {
        for (const char* function : {"python", "nodejs"}) {
            std::atomic<bool> stop = false;
            std::atomic<std::uint64_t> calls = 0;
            std::vector<std::thread> callers;
            for (int i = 0; i < 8; ++i)
                callers.emplace_back([&] {
                    KeepAliveClient client(socket_);
                    while (!stop) {
                        invoke(client, function);
                        ++calls;
                    }
                });
            std::this_thread::sleep_for(std::chrono::milliseconds(500));
            const std::uint64_t first = calls;
            const auto before = Clock::now();
            std::this_thread::sleep_for(std::chrono::seconds(seconds));
            const double took = micros_since(before) / 1e6;
            const std::uint64_t last = calls;
            stop = true;
            for (std::thread& caller : callers) caller.join();
            std::printf("%s, 8 callers: %.0f calls/s\n", function, static_cast<double>(last - first) / took);
        }
    }

private:
    static std::unique_ptr<KeepAliveClient> connect_when_it_listens(std::uint16_t port) {
        for (int i = 0; i < 5'000; ++i) {
            try {
                return std::make_unique<KeepAliveClient>(port);
            } catch (const std::runtime_error&) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }
        }
        throw std::runtime_error("the server does not listen");
    }
    static void expect(const Reply& reply, int status) {
        if (reply.status != status) throw std::runtime_error("unexpected answer: " + reply.head + "\n" + reply.body);
    }
    static void expect_same(const std::string& result) {
        if (result != kEvent) throw std::runtime_error("wrong result: " + result);
    }
    static bool fill(const std::string& state, const CatalogSize& size) {
        std::filesystem::create_directories(state);
        fill_catalog(state + "/catalog.sqlite", size);
        std::filesystem::permissions(state + "/catalog.sqlite",
                                     std::filesystem::perms(0666));  // the daemon is nobody's
        return true;
    }
    static Reply invoke(KeepAliveClient& client, const std::string& function, const std::string& qualifier = {}) {
        Reply reply = client.ask(
            "POST", "/2016-08-15/services/bench" + qualifier + "/functions/" + function + "/invocations", kEvent);
        expect(reply, 200);
        expect_same(reply.body);
        return reply;
    }

    void deploy(KeepAliveClient& client, const std::string& name, const std::string& runtime, const std::string& memory,
                const std::string& file, const std::string& source) {
        expect(client.ask("POST", "/2016-08-15/services/bench/functions",
                          R"({"functionName":")" + name + R"(","runtime":")" + runtime +
                              R"(","handler":"index.handler","memorySize":)" + memory + R"(,"code":{"zipFile":")" +
                              base64_of_zip(directory_, file, source) + R"("}})"),
               200);
    }

    void wait_until(const std::string& target) {
        for (int i = 0; i < 20'000; ++i) {
            try {
                KeepAliveClient client(socket_);
                if (client.ask("GET", target, "").status == 200) return;
            } catch (const std::runtime_error&) {  // it does not listen yet
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        throw std::runtime_error("the daemon does not come up");
    }
    /// Until nothing is being built: a refill is not to be measured with a start.
    void wait_for_pools() {
        KeepAliveClient client(socket_);
        for (int i = 0; i < 20'000; ++i) {
            const std::string body = client.ask("GET", "/v1/engine", "").body;
            bool quiet = body.find("\"building\":0") != std::string::npos;
            for (std::size_t at = 0; (at = body.find("\"building\":", at)) != std::string::npos; at += 11)
                quiet = quiet && body[at + 11] == '0';
            for (std::size_t at = 0; (at = body.find("\"ready\":0", at)) != std::string::npos; at += 9) quiet = false;
            if (quiet) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        throw std::runtime_error("the pools do not come to rest");
    }

    std::string directory_;
    std::string socket_;
    bool filled_;
    Clock::time_point begun_;
    Spawned daemon_;
    double up_ms_ = 0;
};

int run(int argc, char** argv) {
    int rounds = 2000;
    int seconds = 5;
    std::string only;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::string(argv[i]) == "--rounds") rounds = std::max(50, std::atoi(argv[i + 1]));
        if (std::string(argv[i]) == "--only") only = argv[i + 1];
        if (std::string(argv[i]) == "--seconds") seconds = std::max(1, std::atoi(argv[i + 1]));
    }
    char directory[] = "/tmp/hotcell-bench-XXXXXX";
    if (::mkdtemp(directory) == nullptr) return std::perror("make a temporary directory"), 1;
    ::chmod(directory, 0755);
    int status = 0;
    try {
        const auto wanted = [&](const char* part) { return only.empty() || only == part; };
        Bench bench(directory);
        if (wanted("warm")) {
            bench.warm(rounds, "as scheduled");
            {
                const OnProcessor one(OnProcessor::First);
                Bench(std::string(directory) + "/one").warm(rounds, "on one processor");
            }
            std::optional<OnProcessor> last(OnProcessor::Last);
            Bench served_there(std::string(directory) + "/apart");
            last.reset();
            served_there.warm(rounds, "on another processor than everything else", true);
        }
        if (wanted("cold")) bench.cold(std::max(20, rounds / 40));
        if (wanted("throughput")) bench.throughput(seconds);
        if (wanted("catalog")) {
            Bench large(std::string(directory) + "/large", &kLarge);
            Bench::catalog(bench, large, rounds);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_invoke: %s\n", error.what());
        status = 1;
    }
    std::filesystem::remove_all(directory);
    return status;
}

}  // namespace
}  // namespace hotcell::bench

int main(int argc, char** argv) { return hotcell::bench::run(argc, argv); }
