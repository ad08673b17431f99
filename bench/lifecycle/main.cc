// How long one program takes from request to result, by each way of starting it, beside the same program without a
// sandbox and inside bubblewrap: all in one run, taken in turns, as medians and ratios.
//
//   bench/lifecycle [--rounds N] [--json]      needs root, like the engine
//
// The engine is the library in this process (hotcell/engine.h), so no HTTP is in the figures. Before each engine call
// the pool is full and idle: what a refill costs is not hidden in a neighbour's time but told as "refill".
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench_paths.h"
#include "bench/lifecycle/plain_process.h"
#include "hotcell/engine.h"

namespace hotcell::bench {
namespace {

using Clock = std::chrono::steady_clock;

const std::string kEvent = "the quick brown fox jumps over the lazy dog\n";
const std::string kPython = "/usr/bin/python3.11";
const std::string kScript = "import sys\nsys.stdout.write(sys.stdin.read().upper())\n";

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("open " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct Case {
    std::string name;
    std::string group;   // of cases that do the same work
    bool floor = false;  // what the group's ratios are against
    std::function<std::vector<Phase>()> once;
    bool uses_engine = false;
    std::vector<double> times_us;
    std::map<std::string, std::vector<double>> phases_us;
    std::vector<std::string> phase_order;
};

void expect(bool right, const std::string& what) {
    if (!right) throw std::runtime_error(what + ": wrong result");
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

class Lifecycle {
public:
    explicit Lifecycle(const std::string& directory) : directory_(directory), engine_(open(directory)) {
        program_ = std::string(kBenchProgramsDir) + "/upper";
        program_bytes_ = read_file(program_);
        script_ = directory + "/main.py";
        std::ofstream(script_) << kScript;
        std::filesystem::permissions(directory, std::filesystem::perms(0755));
        add_plain("plain", "static C", true, {program_});
        add_plain("bubblewrap", "static C", false,
                  bubblewrap({"--ro-bind", program_, "/code/program"}, {"/code/program"}));
        add_engine("exec, fresh slot", "static C", "custom", program_bytes_, StartKind::Exec, SlotKind::Fresh);
        add_engine("exec, pooled slot", "static C", "custom", program_bytes_, StartKind::Exec, SlotKind::Pooled);
        add_plain("plain", "python3", true, {kPython, "-I", script_});
        add_plain("bubblewrap", "python3", false,
                  bubblewrap({"--ro-bind", script_, "/code/main.py"}, {kPython, "-I", "/code/main.py"}));
        add_engine("exec, fresh slot", "python3", "python3", kScript, StartKind::Exec, SlotKind::Fresh);
        add_engine("exec, pooled slot", "python3", "python3", kScript, StartKind::Exec, SlotKind::Pooled);
        add_engine("zygote, pooled slot", "python3", "python3", kScript, StartKind::Zygote, SlotKind::Pooled);
    }

    void measure(int rounds) {
        for (int round = -3; round < rounds; ++round) {  // three to warm up
            for (Case& one : cases_) {
                if (one.uses_engine) wait_until_idle();
                const auto before = Clock::now();
                const std::vector<Phase> phases = one.once();
                const double us = std::chrono::duration<double, std::micro>(Clock::now() - before).count();
                if (round < 0) continue;
                one.times_us.push_back(us);
                for (const Phase& phase : phases) {
                    if (!one.phases_us.contains(phase.name)) one.phase_order.push_back(phase.name);
                    one.phases_us[phase.name].push_back(static_cast<double>(phase.duration.count()) / 1000);
                }
            }
        }
    }

    const std::vector<Case>& cases() const { return cases_; }

private:
    static Engine open(const std::string& directory) {
        EngineOptions options;
        options.state_dir = directory + "/state";
        options.run_dir = directory + "/run";
        options.libexec_dir = kBinDir;
        options.runtimes_dir = kRuntimesDir;
        options.shims_dir = kShimsDir;
        options.pooled_slots = 1;
        auto engine = Engine::open(options);
        if (!engine) throw std::runtime_error(engine.error().message());
        return std::move(*engine);
    }

    static std::vector<std::string> bubblewrap(const std::vector<std::string>& binds,
                                               const std::vector<std::string>& program) {
        std::vector<std::string> all = {"/usr/bin/bwrap", "--unshare-all", "--die-with-parent",
                                        "--clearenv",     "--cap-drop",    "ALL",
                                        "--ro-bind",      "/usr",          "/usr",
                                        "--symlink",      "usr/lib",       "/lib",
                                        "--symlink",      "usr/lib64",     "/lib64",
                                        "--proc",         "/proc",         "--dev",
                                        "/dev",           "--tmpfs",       "/tmp"};
        all.insert(all.end(), binds.begin(), binds.end());
        all.insert(all.end(), program.begin(), program.end());
        return all;
    }

    void add_plain(const std::string& name, const std::string& group, bool floor, std::vector<std::string> arguments) {
        if (::access(arguments[0].c_str(), X_OK) != 0) {
            std::fprintf(stderr, "left out: %s (%s is not installed)\n", name.c_str(), arguments[0].c_str());
            return;
        }
        Case one{name, group, floor, {}, false, {}, {}, {}};
        one.once = [arguments, name] {
            const PlainEnd end = run_plain(arguments, kEvent);
            expect(end.status == 0 && end.output == upper(kEvent), name);
            return std::vector<Phase>{};
        };
        cases_.push_back(std::move(one));
    }

    void add_engine(const std::string& name, const std::string& group, const std::string& runtime,
                    const std::string& program, StartKind start, SlotKind slot) {
        Case one{name, group, false, {}, true, {}, {}, {}};
        one.once = [this, name, runtime, program, start, slot] {
            RunRequest request;
            request.runtime = runtime;
            request.program = program;
            request.event = kEvent;
            request.start = start;
            request.slot = slot;
            auto report = engine_.run(std::move(request));
            if (!report) throw std::runtime_error(name + ": " + report.error().message());
            expect(report->outcome == RunOutcome::Exited && report->code == 0 && report->output == upper(kEvent) &&
                       report->start == start && report->slot == slot,
                   name + " " + report->log);
            return report->phases;
        };
        cases_.push_back(std::move(one));
    }

    void wait_until_idle() {
        for (int i = 0; i < 20'000; ++i) {
            bool idle = engine_.is_ready();
            for (const PoolState& pool : engine_.describe().pools)
                idle = idle && pool.building == 0 && pool.busy == 0 && pool.ready > 0;
            if (idle) return;
            std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
        throw std::runtime_error("the pools do not come to rest");
    }

    std::string directory_;
    Engine engine_;
    std::string program_;
    std::string program_bytes_;
    std::string script_;
    std::vector<Case> cases_;
};

void print_table(const std::vector<Case>& cases) {
    double floor = 0;
    std::string group;
    for (const Case& one : cases) {
        if (one.group != group) std::printf("\n%-22s %10s %8s\n", one.group.c_str(), "median us", "x plain");
        group = one.group;
        const double middle = median(one.times_us);
        if (one.floor) floor = middle;
        std::printf("  %-20s %10.0f %8.2f\n", one.name.c_str(), middle, middle / floor);
    }
    std::printf("\nphases, median us\n");
    for (const Case& one : cases) {
        if (one.phase_order.empty()) continue;
        std::printf("  %s, %s:", one.group.c_str(), one.name.c_str());
        for (const std::string& name : one.phase_order)
            std::printf(" %s %.0f", name.c_str(), median(one.phases_us.at(name)));
        std::printf("\n");
    }
}

void print_json(const std::vector<Case>& cases) {
    // names are this file's own and need no escaping
    double floor = 0;
    std::printf("[");
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case& one = cases[i];
        const double middle = median(one.times_us);
        if (one.floor) floor = middle;
        std::printf("%s\n {\"group\": \"%s\", \"name\": \"%s\", \"median_us\": %.1f, \"ratio\": %.3f, \"phases_us\": {",
                    i == 0 ? "" : ",", one.group.c_str(), one.name.c_str(), middle, middle / floor);
        for (std::size_t k = 0; k < one.phase_order.size(); ++k)
            std::printf("%s\"%s\": %.1f", k == 0 ? "" : ", ", one.phase_order[k].c_str(),
                        median(one.phases_us.at(one.phase_order[k])));
        std::printf("}}");
    }
    std::printf("\n]\n");
}

int run(int argc, char** argv) {
    int rounds = 100;
    bool json = false;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--json")
            json = true;
        else if (argument == "--rounds" && i + 1 < argc)
            rounds = std::max(1, std::atoi(argv[++i]));
        else
            return std::fprintf(stderr, "usage: lifecycle [--rounds N] [--json]\n"), 2;
    }
    char directory[] = "/tmp/hotcell-bench-XXXXXX";
    if (::mkdtemp(directory) == nullptr) return std::perror("make a temporary directory"), 1;
    int status = 0;
    try {
        Lifecycle lifecycle(directory);
        lifecycle.measure(rounds);
        if (json)
            print_json(lifecycle.cases());
        else
            print_table(lifecycle.cases());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "lifecycle: %s\n", error.what());
        status = 1;
    }
    std::filesystem::remove_all(directory);
    return status;
}

}  // namespace
}  // namespace hotcell::bench

int main(int argc, char** argv) { return hotcell::bench::run(argc, argv); }
