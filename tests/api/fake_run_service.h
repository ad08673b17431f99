// A RunService that runs nothing: it keeps what it was asked and answers what the test says.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "engine/api/run_service.h"

namespace hotcell::api {

class FakeRunService : public RunService {
public:
    std::uint64_t run(RunRequest request, std::function<void(Result<RunReport>)> done) override {
        std::uint64_t number = 0;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            number = requests_.size();
        }
        if (hold_)
            hold_(std::move(done));
        else
            done(answer_(request));
        return number;
    }
    void cancel(std::uint64_t run) override {
        const std::lock_guard lock(mutex_);
        cancelled_.push_back(run);
        changed_.notify_all();
    }
    /// Waits until so many runs have been cancelled; their numbers, fewer after ten seconds.
    std::vector<std::uint64_t> wait_for_cancelled(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(10), [&] { return cancelled_.size() >= count; });
        return cancelled_;
    }
    EngineDescription describe() const override { return description_; }
    bool is_ready() const override { return ready_; }

    std::vector<RunRequest> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

    std::function<Result<RunReport>(const RunRequest&)> answer_ = [](const RunRequest& request) {
        RunReport report;
        report.request_id = "7f3a0000-0000-4000-8000-000000000001";
        report.output = request.event;
        report.phases = {
            {"queue", Nanos(12'000)}, {"sandbox", Nanos(1'930'000)}, {"sandbox.mount-proc", Nanos(60'000)}};
        report.total = Nanos(2'000'000);
        return report;
    };
    std::function<void(std::function<void(Result<RunReport>)>)> hold_;
    EngineDescription description_{.version = "0.1.0",
                                   .instance = "test",
                                   .cgroup_driver = "hybrid",
                                   .landlock_abi = 7,
                                   .features = {},
                                   .confinement = {},
                                   .settings = {},
                                   .runtimes = {"custom"},
                                   .pools = {},
                                   .runs = 0,
                                   .failed_starts = 0};
    bool ready_ = true;

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::uint64_t> cancelled_;
    std::vector<RunRequest> requests_;
};

}  // namespace hotcell::api
