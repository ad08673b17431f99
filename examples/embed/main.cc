// The engine inside a program of one's own: open it, deploy a function from a zip, call it cold and warm, read the phases.
// Needs root.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "hotcell/engine.h"

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s DIRECTORY FUNCTION.zip\n", argv[0]), 2;
    const auto fail = [](const hotcell::Error& error) {
        return std::fprintf(stderr, "%s\n", error.message().c_str()), 1;
    };
    hotcell::EngineOptions options;
    options.state_dir = std::string(argv[1]) + "/state";
    options.run_dir = std::string(argv[1]) + "/run";
    auto engine = hotcell::Engine::open(options);
    if (!engine) return fail(engine.error());

    hotcell::Service service;
    service.name = "examples";
    if (auto created = engine->catalog().create_service(service); !created) return fail(created.error());
    hotcell::Function function;
    function.service = "examples";
    function.name = "upper";
    function.settings.runtime = "python3";
    function.settings.handler = "index.handler";
    std::ifstream file(argv[2], std::ios::binary);
    if (auto created = engine->catalog().create_function(function, {std::istreambuf_iterator<char>(file), {}});
        !created)
        return fail(created.error());

    for (int i = 0; i < 2; ++i) {
        const auto report = engine->invoke({.service = "examples",
                                            .qualifier = {},
                                            .function = "upper",
                                            .event = "hello from a sandbox",
                                            .request_id = {}});
        if (!report) return fail(report.error());
        std::printf("%s\n%s:", report->payload.c_str(), report->start.c_str());
        for (const hotcell::Phase& phase : report->phases)
            std::printf(" %s %lld us", phase.name.c_str(), static_cast<long long>(phase.duration.count() / 1000));
        std::printf("\n");
    }
}
