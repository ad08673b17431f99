// Keeps as many environments ready as the provision configurations want.
//
// Looks every second while something is configured: what is, what its schedule and the demand make of it now, and what stands; so that a change,
// an environment that has died, a clock that was set and a restart are all the same case. Starting, replacing and counting in
// the memory budget is Functions'. Not here: what is configured (the catalog). Threads: the engine's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/dispatch/functions.h"
#include "engine/environment/reactor/reactor.h"
#include "hotcell/catalog.h"

namespace hotcell::dispatch {

/// A configuration with the version that its qualifier means now; without a function it cannot be kept, and `error` says why.
struct ProvisionGoal {
    ProvisionConfig config;
    std::shared_ptr<const Service> service{};
    std::shared_ptr<const Function> function{};
    std::string version{};
    std::string error{};
};

class Provisioner {
public:
    /// `goals` is asked at every look. `now_s`: seconds since 1970.
    Provisioner(environment::Reactor& reactor, Functions& functions, std::function<std::vector<ProvisionGoal>()> goals,
                std::function<std::int64_t()> now_s);

    /// Looks now, and every second from then on while there are goals: whoever sets the first one calls it.
    void look();
    void stop();
    ProvisionState state_of(const FunctionReference& of) const;

private:
    struct Peak {  // of busy environments: this minute's and the last one's
        std::uint32_t now = 0;
        std::uint32_t before = 0;
        std::int64_t minute = 0;
    };
    std::uint32_t busy_of_late(const PoolKey& pool, std::int64_t now_s);

    environment::Reactor& reactor_;
    Functions& functions_;
    std::function<std::vector<ProvisionGoal>()> goals_;
    std::function<std::int64_t()> now_s_;
    environment::Timer timer_;
    bool stopped_ = false;
    struct Kept {
        PoolKey pool;
        std::uint32_t target = 0;
        std::string error;
    };
    std::map<FunctionReference, Kept> kept_;
    std::map<std::pair<std::string, std::string>, Peak> peaks_;
};

}  // namespace hotcell::dispatch
