// Where a runtime's slots come from: its domain, one pool per kind of start, and slots built for one call.
//
// Pools are refilled off the path (refill() is called when no start is under way), one build at a time, and a call's own
// build goes first. A domain whose forker has died, or has forked often enough, is replaced.
// Not here: running anything. Threads: the engine's.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/environment/channel/shim_environment.h"
#include "engine/environment/runtime/manifest.h"
#include "engine/environment/slots/builder_client.h"
#include "engine/environment/slots/slot.h"
#include "hotcell/engine.h"

namespace hotcell::dispatch {

struct SourceOptions {
    std::uint32_t pooled_slots = 0;
    Bytes tmp_size;
    std::uint32_t children_of_a_forker = 500;
    std::function<void(std::string_view line)> log;
};

/// What a call wants of a slot.
struct SlotWish {
    StartKind start = StartKind::Exec;  // not Automatic; Prepared: whose shim has booted
    SlotKind slot = SlotKind::Any;
    RunLimits limits;
};

struct GivenSlot {
    std::unique_ptr<environment::Slot> slot;
    SlotKind kind = SlotKind::Fresh;
    Bytes memory_limit;  // as built
};

class SlotSource {
public:
    using OnSlot = std::function<void(Result<GivenSlot>)>;

    SlotSource(environment::Reactor& reactor, environment::BuilderClient& builder, std::uint32_t runtime,
               const environment::Manifest& manifest, SourceOptions options);
    ~SlotSource();

    /// A slot as wished; `done` is called exactly once, perhaps at once.
    void get(const SlotWish& wish, OnSlot done);
    /// True when a pooled slot can be given for these limits: pids and /tmp are fixed when a slot is built.
    bool fits_pool(const RunLimits& limits) const;
    /// Every slot that get() gave comes back here, to be destroyed; `start` is what it was got for.
    void discard(std::unique_ptr<environment::Slot> slot, StartKind start);
    /// How many slots of a kind lie ready.
    std::size_t ready(StartKind start) { return pool(start).ready.size(); }

    void refill();
    /// Every pool has been full once, and a domain stands.
    bool is_ready() const;
    /// Destroys what is pooled and builds nothing any more.
    void close();
    std::vector<PoolState> describe() const;
    std::uint32_t landlock_abi() const { return domain_ ? domain_->landlock_abi() : 0; }

private:
    class IdleSlot;
    struct Pool {
        bool wanted = false;
        bool filled_once = false;
        std::deque<std::unique_ptr<IdleSlot>> ready;
        std::deque<OnSlot> waiting;
        std::uint32_t building = 0;
        PoolState counts;
    };

    Pool& pool(StartKind start);
    void with_domain(std::function<void(Result<std::shared_ptr<environment::Domain>>)> work);
    void build_domain();
    void domain_built(Result<environment::BuiltSandbox> built);
    void retire(std::shared_ptr<environment::Domain> domain);
    void destroy_if_empty(const std::shared_ptr<environment::Domain>& domain);
    void build_slot(StartKind start, const RunLimits& limits, Bytes memory,
                    std::function<void(Result<std::unique_ptr<environment::Slot>>)> done);
    void refill(StartKind start);
    /// Built and, for Prepared, booted.
    void make_pooled(StartKind start, std::function<void(Result<std::unique_ptr<environment::Slot>>)> done);
    void boot(std::unique_ptr<environment::Slot> slot,
              std::function<void(Result<std::unique_ptr<environment::Slot>>)> done);
    void pooled_slot_built(StartKind start, Result<std::unique_ptr<environment::Slot>> slot);
    void destroy(std::unique_ptr<environment::Slot> slot, Pool& from);
    void drop_idle(IdleSlot* idle, StartKind start);
    void back_off();

    environment::Reactor& reactor_;
    environment::BuilderClient& builder_;
    std::uint32_t runtime_;
    const environment::Manifest& manifest_;
    SourceOptions options_;
    std::array<Pool, 3> pools_;                                                // exec, zygote, prepared
    std::map<std::uint64_t, std::unique_ptr<environment::ShimBoot>> booting_;  // by slot
    std::shared_ptr<environment::Domain> domain_;
    bool building_domain_ = false;
    bool closed_ = false;
    std::uint32_t fresh_building_ = 0;
    std::uint32_t failures_ = 0;  // in a row
    bool backing_off_ = false;
    std::deque<std::function<void(Result<std::shared_ptr<environment::Domain>>)>> waiting_for_domain_;
    environment::Timer retry_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hotcell::dispatch
