// What a large event and result cost over the channel's pipes and through shared memory: the same echo in two engines, one
// whose manifests let every payload go through shared memory and one whose manifests let none, in turns in one run.
//
// Where the scheduler puts an environment's process decides half of a small call's time, so every twenty calls are made in another one.
//
//   bench_payloads [--rounds N] [--runtimes python3,nodejs20,…] [--sizes KIB,…] [--pause MS]      needs root, like the engine
//
// With --pause each call comes after so long a time: from five seconds on, without the pages of the call before.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "bench/bench_paths.h"
#include "hotcell/engine.h"
#include "tests/support/zip_of.h"

namespace hotcell::bench {
namespace {

using Clock = std::chrono::steady_clock;

const std::vector<std::size_t> kSizes = {1 << 10,   4 << 10,   16 << 10,  32 << 10, 64 << 10, 96 << 10, 128 << 10,
                                         192 << 10, 256 << 10, 512 << 10, 1 << 20,  2 << 20,  4 << 20,  6 << 20};

struct Way {
    const char* heading;
    const char* python;
    const char* nodejs;
    const char* php;
    const char* name;  // in payloads/java, payloads/csharp
};
constexpr Way kWays[] = {
    {"there and back", "return event", "event", "$event", "Echo"},
    {"there", "return b''", "''", "''", "Swallow"},
    {"back", "return bytes(int(event))", "Buffer.alloc(Number(event.toString()))", "str_repeat('x', (int) $event)",
     "Make"},
};

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The product's manifests with another threshold, or none.
void write_manifests(const std::filesystem::path& to, bool shared) {
    const std::filesystem::path from = kRuntimesDir;
    std::filesystem::create_directories(to);
    std::filesystem::copy(from.parent_path() / "rootfs", to / "rootfs", std::filesystem::copy_options::recursive);
    for (const auto& runtime : std::filesystem::directory_iterator(from)) {
        const std::string text = text_of(runtime.path() / "manifest.json");
        static const std::regex kUse("\"sharedMemory\": [{][^}]*[}],"), kShim("\"shim\":");
        std::string changed = std::regex_replace(text, kUse, "");
        if (shared)
            changed = std::regex_replace(changed, kShim,
                                         "\"sharedMemory\": {\"eventsFrom\": 1, \"resultsFrom\": 1}, \"shim\":");
        const auto directory = to / "runtimes" / runtime.path().filename();
        std::filesystem::create_directories(directory);
        std::ofstream(directory / "manifest.json") << changed;
    }
}

class Side {
public:
    Side(const std::filesystem::path& directory, bool shared) {
        write_manifests(directory, shared);
        EngineOptions options;
        options.state_dir = directory / "state";
        options.run_dir = directory / "run";
        options.runtimes_dir = directory / "runtimes";
        options.shims_dir = kShimsDir;
        options.libexec_dir = kBinDir;
        options.pooled_slots = 1;
        auto opened = Engine::open(options);
        if (!opened) throw std::runtime_error(opened.error().message());
        engine_ = std::make_unique<Engine>(std::move(*opened));
        Service service;
        service.name = "bench";
        (void)engine_->catalog().create_service(service);
    }

    void deploy(const std::string& name, const std::string& runtime, const std::string& handler,
                const std::string& zip) {
        Function function;
        function.service = "bench";
        function.name = name;
        function.settings.runtime = runtime;
        function.settings.handler = handler;
        function.settings.memory_mib = 512;
        const auto created = engine_->catalog().create_function(function, zip);
        if (!created) throw std::runtime_error(created.error().message());
    }

    /// Microseconds.
    double call(const std::string& name, const std::string& event, std::size_t expected) {
        InvokeRequest request;
        request.service = "bench";
        request.function = name;
        request.event = event;
        const auto before = Clock::now();
        const auto report = engine_->invoke(std::move(request));
        const double took = std::chrono::duration<double, std::micro>(Clock::now() - before).count();
        if (!report) throw std::runtime_error(report.error().message());
        if (report->outcome != InvokeOutcome::Succeeded || report->payload.size() != expected)
            throw std::runtime_error(name + ": " + report->payload.substr(0, 300));
        return took;
    }

    /// The next call gets another environment.
    void evict() { engine_->evict_instances("bench"); }

private:
    std::unique_ptr<Engine> engine_;
};

double quantile(std::vector<double>& values, double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size()))];
}

struct Asked {
    int rounds = 200;
    int pause_ms = 0;
    std::vector<std::size_t> sizes = kSizes;
    std::vector<std::string> runtimes = {"python3", "nodejs20", "php7.2", "java11", "dotnetcore2.1"};
};

void deploy(Side& side, const std::string& runtime, std::size_t way) {
    const std::string name = runtime.substr(0, runtime.find('.')) + "-" + std::to_string(way);
    const Way& one = kWays[way];
    if (runtime.starts_with("python"))
        side.deploy(
            name, runtime, "index.handler",
            test::zip_of({{"index.py", std::string("def handler(event, context):\n    ") + one.python + "\n"}}));
    else if (runtime.starts_with("nodejs"))
        side.deploy(
            name, runtime, "index.handler",
            test::zip_of({{"index.js", std::string("exports.handler = (event, context, callback) => callback(null, ") +
                                           one.nodejs + ");\n"}}));
    else if (runtime.starts_with("java"))
        side.deploy(name, runtime, std::string("bench.Payloads$") + one.name + "::handleRequest",
                    text_of(PAYLOADS_JAR));
    else if (runtime.starts_with("dotnet"))
        side.deploy(name, runtime, std::string("Payloads::Hotcell.Bench.Payloads::") + one.name,
                    test::zip_of({{"Payloads.dll", text_of(PAYLOADS_ASSEMBLY)}}));
    else if (runtime.starts_with("php"))
        side.deploy(name, runtime, "index.handler",
                    test::zip_of({{"index.php", std::string("<?php\nfunction handler($event, $context) { return ") +
                                                    one.php + "; }\n"}}));
}

void compare(Side& pipes, Side& shared, const Asked& asked) {
    for (const std::string& runtime : asked.runtimes) {
        for (std::size_t way = 0; way < std::size(kWays); ++way) {
            deploy(pipes, runtime, way);
            deploy(shared, runtime, way);
            const std::string name = runtime.substr(0, runtime.find('.')) + "-" + std::to_string(way);
            std::printf("%s, %s; us\n%8s %12s %12s %8s %12s %12s %8s\n", runtime.c_str(), kWays[way].heading, "KiB",
                        "  pipe p50", "shared p50", "ratio", "  pipe p10", "shared p10", "ratio");
            for (const std::size_t size : asked.sizes) {
                const std::string event = way == 2 ? std::to_string(size) : std::string(size, 'x');
                const std::size_t expected = way == 1 ? 0 : size;
                std::vector<double> times[2];
                const int block = asked.pause_ms > 0 ? 1 : 10;
                for (int round = 0; round < asked.rounds; round += block) {
                    if (asked.pause_ms == 0 && round % 20 == 0) {
                        for (Side* side : {&pipes, &shared}) {
                            side->evict();
                            for (int i = 0; i < 5; ++i) side->call(name, event, expected);
                        }
                    }
                    for (int side = 0; side < 2; ++side) {
                        for (int i = 0; i < block; ++i) {
                            std::this_thread::sleep_for(std::chrono::milliseconds(asked.pause_ms));
                            times[side].push_back((side == 0 ? pipes : shared).call(name, event, expected));
                        }
                    }
                }
                std::printf("%8zu", size >> 10);
                for (const double share : {0.5, 0.1}) {
                    const double pipes_us = quantile(times[0], share), shared_us = quantile(times[1], share);
                    std::printf(" %12.0f %12.0f %8.2f", pipes_us, shared_us, shared_us / pipes_us);
                }
                std::printf("\n");
                std::fflush(stdout);
            }
        }
    }
}

int run(int argc, char** argv) {
    Asked asked;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--rounds") asked.rounds = std::max(1, std::atoi(argv[i + 1]));
        if (option == "--pause") asked.pause_ms = std::max(0, std::atoi(argv[i + 1]));
        if (option == "--sizes") {
            asked.sizes.clear();
            std::istringstream sizes(argv[i + 1]);
            for (std::string size; std::getline(sizes, size, ',');) asked.sizes.push_back(std::stoul(size) << 10);
        }
        if (option == "--runtimes") {
            asked.runtimes.clear();
            std::istringstream names(argv[i + 1]);
            for (std::string name; std::getline(names, name, ',');) asked.runtimes.push_back(name);
        }
    }
    char directory[] = "/tmp/hotcell-bench-XXXXXX";
    if (::mkdtemp(directory) == nullptr) return std::perror("make a temporary directory"), 1;
    std::filesystem::permissions(directory, std::filesystem::perms(0755));
    int status = 0;
    try {
        const std::filesystem::path root = directory;
        Side pipes(root / "pipes", false), shared(root / "shared", true);
        compare(pipes, shared, asked);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_payloads: %s\n", error.what());
        status = 1;
    }
    std::filesystem::remove_all(directory);
    return status;
}

}  // namespace
}  // namespace hotcell::bench

int main(int argc, char** argv) { return hotcell::bench::run(argc, argv); }
