// A real engine in a directory of its own with a service "test", and the calls that most of its tests make. Needs root.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/zip_of.h"

namespace hotcell::test {

/// True once it is so; looks for at most twenty seconds.
inline bool eventually(const std::function<bool()>& is_so) {
    for (int i = 0; i < 10'000; ++i) {
        if (is_so()) return true;
        ::poll(nullptr, 0, 2);
    }
    return false;
}

/// As they stand in the build, the directories of the engine's own below `directory`.
inline EngineOptions engine_options(const TemporaryDirectory& directory) {
    EngineOptions options;
    options.state_dir = directory / "state";
    options.run_dir = directory / "run";
    options.libexec_dir = kBinDir;
    options.shims_dir = kShimsDir;
    options.runtimes_dir = options.shims_dir + "/../runtimes";
    options.pooled_slots = 1;
    return options;
}

inline Engine open_engine(EngineOptions options) {
    auto opened = Engine::open(std::move(options));
    if (!opened) throw std::runtime_error(opened.error().message());
    return std::move(*opened);
}

/// Destroyed after the engine.
struct OwnDirectory {
    TemporaryDirectory directory;
};

/// A call that is under way.
struct Started {
    std::uint64_t number = 0;  // for Engine::cancel
    std::future<Result<InvokeReport>> result;
};

class TestEngine : private OwnDirectory, public Engine {
public:
    using Change = std::function<void(EngineOptions&)>;

    explicit TestEngine(const Change& change = {}) : Engine(open_engine(changed(change))) {
        Service service;
        service.name = "test";
        EXPECT_TRUE(catalog().create_service(service));
    }
    /// The engine's next life, in the same directory.
    void reopen(const Change& change = {}) {
        { const Engine last = std::move(static_cast<Engine&>(*this)); }
        Engine::operator=(open_engine(changed(change)));
    }
    std::string path(const std::string& name) const { return directory / name; }

    static Function python(const std::string& name, const std::string& initializer = {}) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        function.settings.initializer = initializer;
        function.settings.timeout_s = 60;
        function.settings.initialization_timeout_s = 60;
        return function;
    }
    void deploy(const Function& function, const std::map<std::string, std::string>& files) {
        const auto created = catalog().create_function(function, zip_of(files));
        ASSERT_TRUE(created) << created.error().message();
    }
    void deploy(const std::string& name, const std::string& source, const std::string& initializer = {}) {
        deploy(python(name, initializer), {{"index.py", source}});
    }

    static InvokeRequest request_of(const std::string& function, const std::string& event = {}) {
        InvokeRequest request;
        request.service = "test";
        request.function = function;
        request.event = event;
        return request;
    }
    Started begin(const std::string& function, const std::string& event = {}) {
        auto promise = std::make_shared<std::promise<Result<InvokeReport>>>();
        Started started{0, promise->get_future()};
        started.number = invoke(request_of(function, event),
                                [promise](Result<InvokeReport> report) { promise->set_value(std::move(report)); });
        return started;
    }
    InvokeReport call(const std::string& function, const std::string& event = {}) {
        auto report = invoke(request_of(function, event));
        EXPECT_TRUE(report) << report.error().message();
        return report ? std::move(*report) : InvokeReport{};
    }

private:
    EngineOptions changed(const Change& change) const {
        EngineOptions options = engine_options(directory);
        if (change) change(options);
        return options;
    }
};

}  // namespace hotcell::test
