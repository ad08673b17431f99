// bench_http: how many invocations a second the HTTP interface carries, the function aside.
//
// A real server on a Unix socket of its own; behind it a service that answers every call with its event from a second
// thread, as the engine does. Callers keep their connection and send the next call when the last one is answered.
//   bench_http [callers=8] [seconds=3] [bytes=64]
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/api/server/server.h"
#include "tests/api/fake_call_service.h"
#include "tests/api/fake_catalog.h"

namespace hotcell {

namespace {

using Clock = std::chrono::steady_clock;

class NoRuns final : public api::RunService {
public:
    std::uint64_t run(RunRequest, std::function<void(Result<RunReport>)> done) override {
        done(RunReport{});
        return 0;
    }
    void cancel(std::uint64_t) override {}
    EngineDescription describe() const override { return {}; }
    bool is_ready() const override { return true; }
};

/// Answers invocations from a thread of its own.
class Echo final : public api::FakeCallService {
public:
    using Done = std::function<void(Result<InvokeReport>)>;

    Echo() : thread_([this] { work(); }) {}
    ~Echo() override {
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    std::uint64_t invoke(InvokeRequest request, Done done) override {
        const std::lock_guard lock(mutex_);
        waiting_.emplace_back(std::move(request), std::move(done));
        if (waiting_.size() == 1) changed_.notify_one();
        return 0;
    }

private:
    using Call = std::pair<InvokeRequest, Done>;

    void work() {
        for (std::vector<Call> calls;; calls.clear()) {
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
                if (ended_) return;
                calls.swap(waiting_);
            }
            for (auto& [request, done] : calls) {
                InvokeReport report;
                report.payload = std::move(request.event);
                report.version = "LATEST";
                report.instance_id = "c-00000000-0000-4000-8000-000000000000";
                report.phases = {{"queue", Nanos(1'000)}, {"handler", Nanos(90'000)}, {"respond", Nanos(2'000)}};
                done(std::move(report));
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Call> waiting_;
    bool ended_ = false;
    std::thread thread_;
};

int connect_to(const sockaddr_un& address) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
    return fd;
}

/// One caller until `stop`; the time of each call in nanoseconds.
std::vector<std::uint64_t> call_until(const std::atomic<bool>& stop, int fd, const std::string& request) {
    std::vector<std::uint64_t> times;
    std::string answer(request.size() + (8 << 10), '\0');  // the event comes back
    while (!stop) {
        const auto before = Clock::now();
        if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
            std::abort();
        std::size_t size = 0, whole = 0;
        do {
            const auto count = ::recv(fd, answer.data() + size, answer.size() - size, 0);
            if (count <= 0) std::abort();
            size += static_cast<std::size_t>(count);
            const std::string_view seen(answer.data(), size);
            const auto end = seen.find("\r\n\r\n");
            const auto length = seen.find("Content-Length: ");
            if (end != std::string_view::npos && length < end)
                whole = end + 4 + std::strtoul(answer.data() + length + 16, nullptr, 10);
        } while (whole == 0 || size < whole);
        if (!std::string_view(answer).starts_with("HTTP/1.1 200")) std::abort();
        times.push_back(static_cast<std::uint64_t>((Clock::now() - before).count()));
    }
    return times;
}

int measure(unsigned callers, unsigned seconds, std::size_t bytes) {
    char directory[] = "/tmp/hotcell-bench-XXXXXX";
    if (::mkdtemp(directory) == nullptr) return 1;
    const std::string path = std::string(directory) + "/api.sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    linux::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 1024) != 0)
        return 1;
    NoRuns runs;
    Echo echo;
    api::FakeCatalog catalog;
    const api::Router router({.run = runs, .catalog = &catalog, .calls = &echo});
    EventLoop loop;
    std::thread loop_thread([&loop] { loop.run(); });
    api::Server server(loop, router, {});
    if (!server.listen_on(std::move(listener))) return 1;
    server.start();

    const std::string request =
        "POST /2016-08-15/services/bench/functions/echo/invocations HTTP/1.1\r\nHost: hotcell\r\n"
        "User-Agent: bench\r\nAccept: */*\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
        std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x');
    std::atomic<bool> stop{false};
    std::vector<std::vector<std::uint64_t>> times(callers);
    std::vector<std::thread> threads;
    const auto start = Clock::now();
    for (unsigned i = 0; i < callers; ++i)
        threads.emplace_back([&, i] {
            const linux::UniqueFd fd(connect_to(address));
            times[i] = call_until(stop, fd.get(), request);
        });
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    stop = true;
    for (auto& thread : threads) thread.join();
    const std::chrono::duration<double> took = Clock::now() - start;
    std::vector<std::uint64_t> all;
    for (const auto& one : times) all.insert(all.end(), one.begin(), one.end());
    std::ranges::sort(all);
    const auto at = [&all](double share) {
        return static_cast<double>(all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))]) / 1e3;
    };
    if (!all.empty())
        std::printf("%u callers, %zu bytes: %.0f invocations/s, p50 %.1f us, p99 %.1f us\n", callers, bytes,
                    static_cast<double>(all.size()) / took.count(), at(0.5), at(0.99));
    server.stop_accepting();
    (void)server.finish(Millis(1'000));
    loop.stop();
    loop_thread.join();
    ::unlink(path.c_str());
    ::rmdir(directory);
    return all.empty() ? 1 : 0;
}

}  // namespace

}  // namespace hotcell

int main(int argc, char** argv) {
    const auto number = [&](int at, unsigned otherwise) {
        return argc > at ? static_cast<unsigned>(std::strtoul(argv[at], nullptr, 10)) : otherwise;
    };
    return hotcell::measure(number(1, 8), number(2, 3), number(3, 64));
}
