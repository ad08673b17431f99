// An application's way from version 1 to version 2 while it is called without a pause: nothing fails, and each answer comes from the
// version that its report names.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/requires.h"
#include "tests/support/zip_of.h"

namespace hotcell {
namespace {

/// Calls `prod` from two threads until it ends, and counts the answers by version.
class Callers {
public:
    explicit Callers(Engine& engine) : engine_(engine) {
        for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { call(); });
    }
    ~Callers() { end(); }
    void end() {
        ending_ = true;
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }
    /// Waits for so many calls that begin from now on; how many of them version 2 has answered.
    std::uint64_t second_of(std::uint64_t calls) {
        std::unique_lock lock(mutex_);
        ++epoch_;
        all_ = second_ = 0;
        changed_.wait(lock, [&] { return all_ >= calls; });
        return second_;
    }
    std::vector<std::string> failures() const {
        const std::scoped_lock lock(mutex_);
        return failures_;
    }

private:
    void call() {
        while (!ending_) {
            InvokeRequest request;
            request.service = "shop";
            request.function = "buy";
            request.qualifier = "prod";
            std::unique_lock lock(mutex_);
            const std::uint64_t epoch = epoch_;
            lock.unlock();
            const auto report = engine_.invoke(std::move(request));
            lock.lock();
            check(report);
            if (epoch != epoch_) continue;
            ++all_;
            if (report && report->version == "2") ++second_;
            changed_.notify_all();
        }
    }
    void check(const Result<InvokeReport>& report) {
        if (!report)
            failures_.push_back(report.error().message());
        else if (report->outcome != InvokeOutcome::Succeeded)
            failures_.push_back(report->payload);
        else if (report->payload != "code " + report->version + " prod " + report->version ||
                 report->qualifier != "prod")
            failures_.push_back("'" + report->payload + "' came from version " + report->version);
    }

    Engine& engine_;
    std::atomic<bool> ending_ = false;
    mutable std::mutex mutex_;  // of the fields below
    std::condition_variable changed_;
    std::uint64_t epoch_ = 0, all_ = 0, second_ = 0;
    std::vector<std::string> failures_;
    std::vector<std::thread> threads_;
};

std::string source_of(const std::string& code) {
    return "def handler(event, context):\n    s = context.service\n    return 'code " + code +
           " ' + s.qualifier + ' ' + s.version_id\n";
}

TEST(GrayRelease, GoesFromOneVersionToTheNextAndBackWithoutAFailedCall) {
    HOTCELL_REQUIRES(::hotcell::testing::root());
    char name[] = "/tmp/hotcell-gray-XXXXXX";
    const std::string directory = ::mkdtemp(name);
    {
        EngineOptions options;
        options.state_dir = directory + "/state";
        options.run_dir = directory + "/run";
        options.libexec_dir = test::kBinDir;
        options.shims_dir = test::kShimsDir;
        options.runtimes_dir = options.shims_dir + "/../runtimes";
        auto engine = Engine::open(options);
        ASSERT_TRUE(engine) << engine.error().message();
        Catalog& catalog = engine->catalog();
        Service service;
        service.name = "shop";
        ASSERT_TRUE(catalog.create_service(service));
        Function function;
        function.service = "shop";
        function.name = "buy";
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        ASSERT_TRUE(catalog.create_function(function, test::zip_of({{"index.py", source_of("1")}})));
        ASSERT_EQ(catalog.publish_version("shop", "the first")->id, 1u);
        Alias prod;
        prod.name = "prod";
        prod.version = "1";
        ASSERT_TRUE(catalog.create_alias("shop", prod));

        Callers callers(*engine);
        for (const char* draft : {"draft", "2"}) {  // LATEST is edited; nobody who calls prod sees it
            FunctionChange change;
            change.zip = test::zip_of({{"index.py", source_of(draft)}});
            ASSERT_TRUE(catalog.update_function("shop", "buy", change));
            EXPECT_EQ(callers.second_of(20), 0u);
        }
        ASSERT_EQ(catalog.publish_version("shop", "the second")->id, 2u);
        EXPECT_EQ(callers.second_of(20), 0u);

        AliasChange tenth;
        tenth.extra_weights = std::map<std::string, double>{{"2", 0.1}};
        ASSERT_TRUE(catalog.update_alias("shop", "prod", tenth));
        // 1,000 of 10,000 are expected, and 901 to 1,099 in 999 of 1,000 runs (binomial distribution); twice outside is no chance
        const auto is_a_tenth = [&] {
            const std::uint64_t second = callers.second_of(10'000);
            std::printf("%lu of 10,000 calls went to the second version\n", static_cast<unsigned long>(second));
            return second >= 901 && second <= 1099;
        };
        EXPECT_TRUE(is_a_tenth() || is_a_tenth());

        AliasChange promotion;
        promotion.version = "2";
        promotion.extra_weights.emplace();
        ASSERT_TRUE(catalog.update_alias("shop", "prod", promotion));
        const std::uint64_t promoted = callers.second_of(100);
        EXPECT_GE(promoted, 100u);

        AliasChange rollback;
        rollback.version = "1";
        ASSERT_TRUE(catalog.update_alias("shop", "prod", rollback));
        EXPECT_EQ(callers.second_of(100), 0u);
        callers.end();
        EXPECT_EQ(callers.failures(), std::vector<std::string>{});

        // the call of a version that is gone is refused, and its environments are
        ASSERT_TRUE(catalog.delete_version("shop", 2));
        InvokeRequest gone;
        gone.service = "shop";
        gone.function = "buy";
        gone.qualifier = "2";
        EXPECT_EQ(engine->invoke(gone).error().code, "VersionNotFound");
        for (const Instance& instance : engine->instances("shop", "buy")) EXPECT_NE(instance.version, "2");
    }
    linux::remove_tree(directory);
}

}  // namespace
}  // namespace hotcell
