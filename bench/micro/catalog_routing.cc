// What the size of the catalog costs: opening it, and finding out what a call means; a small catalog beside a large one.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <map>
#include <stdexcept>

#include "bench/micro/large_catalog.h"
#include "engine/catalog/ledger.h"
#include "engine/catalog/routing.h"
#include "engine/linux/files/files.h"

namespace hotcell::bench {
namespace {

/// Filled once for all benchmarks; service "load-1" has the alias "gray": 90 % version 1, 10 % version 2 where there is one.
class Catalogs {
public:
    Catalogs() {
        char name[] = "/tmp/hotcell-bench-XXXXXX";
        directory_ = ::mkdtemp(name);
    }
    ~Catalogs() { linux::remove_tree(directory_); }
    std::string path_of(const CatalogSize& size) {
        const std::string path = directory_ + "/" + std::to_string(size.services);
        if (linux::exists(path)) return path;
        fill_catalog(path, size);
        auto ledger = catalog::Ledger::open(path, {"python3"});
        if (!ledger) throw std::runtime_error(ledger.error().message());
        Alias gray;
        gray.name = "gray";
        gray.version = "1";
        if (size.versions > 1) gray.extra_weights = {{"2", 0.1}};
        if (const auto made = ledger->create_alias("load-1", gray); !made)
            throw std::runtime_error(made.error().message());
        return path;
    }

private:
    std::string directory_;
};

Catalogs& catalogs() {
    static Catalogs all;
    return all;
}

void opening(benchmark::State& state, const CatalogSize& size) {
    const std::string path = catalogs().path_of(size);
    for (auto _ : state) {
        auto ledger = catalog::Ledger::open(path, {"python3"});
        if (!ledger) return state.SkipWithError(ledger.error().message().c_str());
        benchmark::DoNotOptimize(ledger->take_codes());
    }
}

void routing(benchmark::State& state, const CatalogSize& size, const char* qualifier) {
    auto ledger = catalog::Ledger::open(catalogs().path_of(size), {"python3"});
    if (!ledger) return state.SkipWithError(ledger.error().message().c_str());
    const std::string service = "load-1", function = "f-1", wanted = qualifier;
    for (auto _ : state) {
        auto route = catalog::route(*ledger->snapshot(), service, wanted, function);
        if (!route) return state.SkipWithError(route.error().message().c_str());
        benchmark::DoNotOptimize(route);
    }
}

BENCHMARK_CAPTURE(opening, 1_function_1_version, kSmall)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(opening, 10000_functions_100000_versions, kLarge)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK_CAPTURE(routing, latest_of_1_function, kSmall, "LATEST");
BENCHMARK_CAPTURE(routing, latest_of_10000_functions, kLarge, "LATEST");
BENCHMARK_CAPTURE(routing, alias_of_1_function, kSmall, "gray");
BENCHMARK_CAPTURE(routing, alias_with_weights_of_10000_functions, kLarge, "gray");

}  // namespace
}  // namespace hotcell::bench
