// What the HTTP interface needs of an engine: the border that tests replace.
//
// Threads: every method is called from the server's threads; `done` may be called from any thread.
#pragma once

#include <functional>

#include "hotcell/engine.h"

namespace hotcell::api {

class RunService {
public:
    virtual ~RunService() = default;

    /// As Engine::run. `done` is called exactly once.
    virtual void run(RunRequest request, std::function<void(Result<RunReport>)> done) = 0;
    virtual EngineDescription describe() const = 0;
    virtual bool is_ready() const = 0;
};

}  // namespace hotcell::api
