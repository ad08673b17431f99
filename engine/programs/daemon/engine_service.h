// hotcell::Engine as the HTTP interface sees it, and what the machine offers, looked up before the jail hid it.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/api/run_service.h"

namespace hotcell::daemon {

class EngineService final : public api::RunService {
public:
    /// `engine` outlives the service.
    EngineService(Engine& engine, std::vector<Feature> machine) : engine_(engine), machine_(std::move(machine)) {}

    std::uint64_t run(RunRequest request, std::function<void(Result<RunReport>)> done) override {
        return engine_.run(std::move(request), std::move(done));
    }
    void cancel(std::uint64_t run) override { engine_.cancel(run); }
    EngineDescription describe() const override {
        EngineDescription description = engine_.describe();
        std::vector<Feature>& features = description.features;
        for (const Feature& feature : machine_)
            if (std::ranges::find(features, feature.name, &Feature::name) == features.end())
                features.push_back(feature);
        return description;
    }
    bool is_ready() const override { return engine_.is_ready(); }

private:
    Engine& engine_;
    const std::vector<Feature> machine_;
};

}  // namespace hotcell::daemon
