// hotcell::Engine as the HTTP interface sees it.
#pragma once

#include "engine/api/run_service.h"

namespace hotcell::daemon {

class EngineService final : public api::RunService {
public:
    /// `engine` outlives the service.
    explicit EngineService(Engine& engine) : engine_(engine) {}

    void run(RunRequest request, std::function<void(Result<RunReport>)> done) override {
        engine_.run(std::move(request), std::move(done));
    }
    EngineDescription describe() const override { return engine_.describe(); }
    bool is_ready() const override { return engine_.is_ready(); }

private:
    Engine& engine_;
};

}  // namespace hotcell::daemon
