// What a prepared engine holds: everything that needed privilege to get.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/environment/runtime/manifest.h"
#include "engine/linux/process/spawn.h"
#include "engine/linux/unique_fd.h"
#include "engine/protocol/front_builder.h"
#include "hotcell/engine.h"

namespace hotcell {

struct PreparedEngine::State {
    State() = default;
    State(State&&) = default;
    State& operator=(State&&) = default;
    ~State();  // closes the pipes and waits for the helper, unless start() has taken them

    EngineOptions options;  // with every directory filled in and absolute
    std::string instance;
    std::vector<environment::Manifest> manifests;
    linux::UniqueFd lock;
    linux::UniqueFd builder;
    linux::UniqueFd warden;
    linux::Child helper;
    std::uint32_t extra_connections = 0;  // into sandboxes, as far as descriptors are allowed
    protocol::Hello hello{};
};

}  // namespace hotcell
