// What the HTTP interface needs of an engine: the border that tests replace.
//
// Threads: every method is called from the server's threads; `done` may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>

#include "hotcell/engine.h"

namespace hotcell::api {

class RunService {
public:
    virtual ~RunService() = default;

    /// As Engine::run. `done` is called exactly once. The number names the run for cancel().
    virtual std::uint64_t run(RunRequest request, std::function<void(Result<RunReport>)> done) = 0;
    /// Whoever asked for it has gone: it ends with ClientClosedRequest. Nothing happens when it is over.
    virtual void cancel(std::uint64_t run) = 0;
    virtual EngineDescription describe() const = 0;
    virtual bool is_ready() const = 0;
};

}  // namespace hotcell::api
