// The engine inside a program of one's own: open it, run one script in a sandbox, print what it said. Needs root.
#include <cstdio>
#include <string>

#include "hotcell/engine.h"

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]), 2;
    hotcell::EngineOptions options;
    options.state_dir = std::string(argv[1]) + "/state";
    options.run_dir = std::string(argv[1]) + "/run";
    auto engine = hotcell::Engine::open(options);
    if (!engine) return std::fprintf(stderr, "%s\n", engine.error().message().c_str()), 1;

    hotcell::RunRequest request;
    request.runtime = "python3";
    request.program = "import sys\nprint(sys.stdin.read().upper())\n";
    request.event = "hello from a sandbox";
    const auto report = engine->run(std::move(request));
    if (!report) return std::fprintf(stderr, "%s\n", report.error().message().c_str()), 1;
    std::fputs(report->output.c_str(), stdout);
    return report->outcome == hotcell::RunOutcome::Exited ? report->code : 1;
}
