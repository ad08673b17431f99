#include "engine/dispatch/slot_source.h"

#include <algorithm>

#include "engine/base/result.h"

namespace hotcell::dispatch {

using environment::BuiltSandbox;
using environment::Domain;
using environment::Slot;

namespace {

constexpr Bytes kPooledMemory = mebibytes(64);  // cap of a slot in which nothing runs yet
constexpr std::uint32_t kLeastPids = 8;         // the builder's
constexpr std::uint32_t kOwnPids = 1;           // pid 1 of the slot
constexpr std::uint32_t kCpuWeight = 100;
constexpr std::uint32_t kMostBackOff = 6;  // 50 ms · 2^6 = 3.2 s
const RunLimits kPooledLimits;             // pids of a pooled slot are those of a call that asks for nothing else

constexpr std::array kKinds = {StartKind::Exec, StartKind::Zygote, StartKind::Prepared};
constexpr Bytes kPreparedMemory = mebibytes(128);  // a runtime boots in it

Bytes pooled_memory(StartKind start) { return start == StartKind::Prepared ? kPreparedMemory : kPooledMemory; }

std::uint32_t inodes_for(Bytes tmp) {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(tmp.count / 4096, 64, 1 << 20));
}

}  // namespace

/// A pooled slot that nobody uses; one that dies leaves the pool by itself. A booted runtime in it is stopped: its timers and
/// collectors would have the machine work for nobody.
class SlotSource::IdleSlot final : private environment::SlotListener {
public:
    IdleSlot(std::unique_ptr<Slot> slot, bool booted, std::function<void(IdleSlot*)> on_gone)
        : slot_(std::move(slot)), on_gone_(std::move(on_gone)) {
        slot_->listen(this);
        frozen_ = booted && slot_->freeze(true);
    }
    std::unique_ptr<Slot> take() {
        slot_->listen(nullptr);
        if (frozen_) (void)slot_->freeze(false);
        return std::move(slot_);
    }

private:
    void on_ready(const hc_ready&) override {}
    void on_failed(const hc_failed&) override { on_gone_(this); }
    void on_channel_end() override { on_gone_(this); }
    void on_exit(const protocol::ExitReport&) override {}
    void on_death() override { on_gone_(this); }

    std::unique_ptr<Slot> slot_;
    std::function<void(IdleSlot*)> on_gone_;
    bool frozen_ = false;
};

SlotSource::SlotSource(environment::Reactor& reactor, environment::BuilderClient& builder, std::uint32_t runtime,
                       const environment::Manifest& manifest, SourceOptions options)
    : reactor_(reactor),
      builder_(builder),
      runtime_(runtime),
      manifest_(manifest),
      options_(std::move(options)),
      retry_(reactor) {
    for (std::size_t i = 0; i < pools_.size(); ++i) {
        pools_[i].counts.runtime = manifest.name;
        pools_[i].counts.start = name_of(kKinds[i]);
    }
    const bool any = options_.pooled_slots > 0;
    pool(StartKind::Exec).wanted = any;
    pool(StartKind::Zygote).wanted = any && manifest.zygote;
    pool(StartKind::Prepared).wanted = any && manifest.function && manifest.function->prepared;
}

SlotSource::~SlotSource() { *alive_ = false; }

SlotSource::Pool& SlotSource::pool(StartKind start) {
    return pools_[static_cast<std::size_t>(std::ranges::find(kKinds, start) - kKinds.begin())];
}

bool SlotSource::fits_pool(const RunLimits& limits) const {
    return limits.tmp == options_.tmp_size && limits.processes == kPooledLimits.processes;
}

void SlotSource::get(const SlotWish& wish, OnSlot done) {
    if (closed_) return done(fail(ErrorKind::Broken, "the engine is closing"));
    Pool& from = pool(wish.start);
    if (wish.slot != SlotKind::Fresh && fits_pool(wish.limits)) {
        while (!from.ready.empty()) {
            std::unique_ptr<Slot> slot = from.ready.front()->take();
            from.ready.pop_front();
            if (slot->is_dead() || !slot->domain()->is_alive()) {  // the word of it is still on its way to this pool
                destroy(std::move(slot), from);
                continue;
            }
            ++from.counts.busy;
            return done(GivenSlot{std::move(slot), SlotKind::Pooled, pooled_memory(wish.start)});
        }
        if (wish.slot == SlotKind::Pooled) {
            from.waiting.push_back(std::move(done));
            return refill(wish.start);
        }
    }
    ++fresh_building_;
    build_slot(wish.start, wish.limits, wish.limits.memory,
               [this, memory = wish.limits.memory, start = wish.start,
                done = std::move(done)](Result<std::unique_ptr<Slot>> slot) {
                   --fresh_building_;
                   if (!slot) return done(std::unexpected(std::move(slot).error()));
                   ++pool(start).counts.busy;
                   done(GivenSlot{std::move(*slot), SlotKind::Fresh, memory});
               });
}

void SlotSource::with_domain(std::function<void(Result<std::shared_ptr<Domain>>)> work) {
    if (domain_ && domain_->is_alive()) return work(domain_);
    waiting_for_domain_.push_back(std::move(work));
    build_domain();
}

void SlotSource::build_domain() {
    if (building_domain_ || closed_) return;
    building_domain_ = true;
    builder_.build_domain(runtime_, [this, alive = alive_](Result<BuiltSandbox> built) {
        if (*alive) domain_built(std::move(built));
    });
}

void SlotSource::domain_built(Result<BuiltSandbox> built) {
    building_domain_ = false;
    auto waiting = std::exchange(waiting_for_domain_, {});
    if (!built) {
        if (options_.log) options_.log(manifest_.name + ": " + built.error().message());
        for (auto& work : waiting) work(std::unexpected(Error(built.error()).in(manifest_.name)));
        return;
    }
    auto log = [this](std::string_view line) {
        if (options_.log) options_.log(manifest_.name + " forker: " + std::string(line));
    };
    auto fresh =
        std::make_shared<Domain>(reactor_, std::move(*built), manifest_.zygote.has_value(),
                                 Domain::Hooks{log, [this, alive = alive_] {
                                                   reactor_.post([this, alive] {
                                                       if (!*alive || !domain_ || domain_->is_alive()) return;
                                                       if (options_.log)
                                                           options_.log(manifest_.name + ": the forker has ended");
                                                       retire(std::exchange(domain_, nullptr));
                                                       refill();
                                                   });
                                               }});
    if (domain_) retire(domain_);
    domain_ = std::move(fresh);
    failures_ = 0;
    for (auto& work : waiting) work(domain_);
    refill();
}

void SlotSource::retire(std::shared_ptr<Domain> domain) {
    domain->retired = true;
    for (Pool& one : pools_) {
        std::deque<std::unique_ptr<IdleSlot>> kept;
        for (auto& idle : std::exchange(one.ready, {})) destroy(idle->take(), one);
        one.ready = std::move(kept);
    }
    destroy_if_empty(domain);
}

void SlotSource::destroy_if_empty(const std::shared_ptr<Domain>& domain) {
    if (!domain->retired || domain->slots > 0) return;
    domain->slots = ~0u;  // once
    builder_.destroy_domain(domain->id(), [domain] {});
}

void SlotSource::build_slot(StartKind start, const RunLimits& limits, Bytes memory,
                            std::function<void(Result<std::unique_ptr<Slot>>)> done) {
    with_domain([this, start, limits, memory, done = std::move(done)](Result<std::shared_ptr<Domain>> domain) {
        if (!domain) return done(std::unexpected(std::move(domain).error()));
        protocol::BuildSlot request{};
        request.executor = start == StartKind::Zygote ? 0 : 1;
        request.domain = (*domain)->id();
        request.memory_bytes = memory.count;
        request.tmp_bytes = limits.tmp.count;
        request.tmp_inodes = inodes_for(limits.tmp);
        request.pids = std::max(limits.processes + kOwnPids, kLeastPids);
        request.cpu_weight = kCpuWeight;
        if (manifest_.function && manifest_.function->speaks == environment::Speech::Http)
            request.connections = protocol::kMostBuiltConnections;
        if (manifest_.function && manifest_.function->speaks == environment::Speech::RuntimeApi)
            request.listen_port = environment::kRuntimeApiPort;
        ++(*domain)->slots;
        Pool& counted = pool(start);
        ++counted.building;
        builder_.build_slot(request, [this, alive = alive_, start, domain = *domain, done](Result<BuiltSandbox> built) {
            if (!*alive) return;
            Pool& of = pool(start);
            --of.building;
            if (!built) {
                ++of.counts.failed_builds;
                --domain->slots;
                destroy_if_empty(domain);
                return done(std::unexpected(std::move(built).error()));
            }
            ++of.counts.built;
            auto slot = std::make_unique<Slot>(reactor_, std::move(*built), start != StartKind::Zygote, domain);
            slot->drain_channel();  // an executor has said READY by now
            done(std::move(slot));
        });
    });
}

void SlotSource::refill() {
    if (closed_ || !builder_.is_alive()) return;
    if (domain_ && domain_->children() >= options_.children_of_a_forker) build_domain();  // replaces it when built
    for (const StartKind start : kKinds) refill(start);
}

void SlotSource::refill(StartKind start) {
    Pool& one = pool(start);
    if (closed_ || backing_off_ || !one.wanted || one.building > 0 || fresh_building_ > 0) return;
    const std::size_t target = options_.pooled_slots + one.waiting.size();
    if (one.ready.size() >= target) {
        one.filled_once = true;
        return;
    }
    make_pooled(start,
                [this, start](Result<std::unique_ptr<Slot>> slot) { pooled_slot_built(start, std::move(slot)); });
}

void SlotSource::make_pooled(StartKind start, std::function<void(Result<std::unique_ptr<Slot>>)> done) {
    RunLimits limits = kPooledLimits;
    limits.tmp = options_.tmp_size;
    build_slot(start, limits, pooled_memory(start),
               [this, start, done = std::move(done)](Result<std::unique_ptr<Slot>> slot) mutable {
                   if (!slot || start != StartKind::Prepared) return done(std::move(slot));
                   boot(std::move(*slot), std::move(done));
               });
}

void SlotSource::boot(std::unique_ptr<Slot> slot, std::function<void(Result<std::unique_ptr<Slot>>)> done) {
    const std::uint64_t id = slot->id();
    ++pool(StartKind::Prepared).building;
    auto& boot = booting_[id] = std::make_unique<environment::ShimBoot>(
        reactor_, std::move(slot),
        [this, alive = alive_, id, done = std::move(done)](Result<> booted, std::unique_ptr<Slot> back) {
            if (!*alive) return;
            booting_.erase(id);
            --pool(StartKind::Prepared).building;
            if (booted) return done(std::move(back));
            ++pool(StartKind::Prepared).counts.failed_builds;
            destroy(std::move(back), pool(StartKind::Prepared));
            done(std::unexpected(std::move(booted).error().in(manifest_.name)));
        });
    std::vector<std::string> environment;
    for (const auto& [name, value] : manifest_.function->environment) environment.push_back(name + "=" + value);
    boot->begin(manifest_.function->shim, environment, manifest_.function->shared_memory.has_value());
}

void SlotSource::pooled_slot_built(StartKind start, Result<std::unique_ptr<Slot>> slot) {
    Pool& one = pool(start);
    if (!slot) {
        if (options_.log && !closed_) options_.log(manifest_.name + ": " + slot.error().message());
        for (OnSlot& done : std::exchange(one.waiting, {})) done(std::unexpected(Error(slot.error())));
        return back_off();
    }
    if (closed_ || (*slot)->domain()->retired || (*slot)->is_dead()) {
        destroy(std::move(*slot), one);
    } else if (!one.waiting.empty()) {
        OnSlot done = std::move(one.waiting.front());
        one.waiting.pop_front();
        ++one.counts.busy;
        done(GivenSlot{std::move(*slot), SlotKind::Pooled, pooled_memory(start)});
    } else {
        const auto on_gone = [this, start](IdleSlot* idle) {
            reactor_.post([this, alive = alive_, idle, start] {
                if (*alive) drop_idle(idle, start);
            });
        };
        one.ready.push_back(std::make_unique<IdleSlot>(std::move(*slot), start == StartKind::Prepared, on_gone));
    }
    failures_ = 0;
    // not from within the builder's reply: a long chain of builds lets other work in between
    reactor_.post([this, alive = alive_, start] {
        if (*alive) refill(start);
    });
}

void SlotSource::drop_idle(IdleSlot* idle, StartKind start) {
    Pool& one = pool(start);
    const auto found =
        std::find_if(one.ready.begin(), one.ready.end(), [&](const auto& held) { return held.get() == idle; });
    if (found == one.ready.end()) return;
    destroy((*found)->take(), one);
    one.ready.erase(found);
    back_off();
}

void SlotSource::back_off() {
    if (closed_ || backing_off_) return;
    backing_off_ = true;
    const auto delay = std::chrono::milliseconds(50) * (1u << std::min(failures_++, kMostBackOff));
    retry_.start(delay, [this] {
        backing_off_ = false;
        refill();
    });
}

void SlotSource::discard(std::unique_ptr<Slot> slot, StartKind start) {
    Pool& from = pool(start);
    --from.counts.busy;
    destroy(std::move(slot), from);
}

void SlotSource::destroy(std::unique_ptr<Slot> slot, Pool& from) {
    builder_.destroy_slot(slot->id(), [this, alive = alive_, domain = slot->domain(), &from] {
        if (!*alive) return;
        ++from.counts.destroyed;
        --domain->slots;
        destroy_if_empty(domain);
    });
}

bool SlotSource::is_ready() const {
    for (const Pool& one : pools_)
        if (one.wanted && !one.filled_once) return false;
    return true;
}

void SlotSource::close() {
    closed_ = true;
    retry_.cancel();
    for (Pool& one : pools_) {
        for (OnSlot& done : std::exchange(one.waiting, {})) done(fail(ErrorKind::Broken, "the engine is closing"));
    }
    // one that has just booted hands its slot over in a moment, and has none to give
    for (auto& [id, boot] : std::exchange(booting_, {}))
        if (auto slot = boot->give_up()) destroy(std::move(slot), pool(StartKind::Prepared));
    if (domain_) retire(std::exchange(domain_, nullptr));
}

std::vector<PoolState> SlotSource::describe() const {
    std::vector<PoolState> states;
    for (std::size_t i = 0; i < pools_.size(); ++i) {
        if (kKinds[i] == StartKind::Zygote && !manifest_.zygote) continue;
        if (kKinds[i] == StartKind::Prepared && !(manifest_.function && manifest_.function->prepared)) continue;
        PoolState state = pools_[i].counts;
        state.ready = static_cast<std::uint32_t>(pools_[i].ready.size());
        state.building = pools_[i].building;
        states.push_back(std::move(state));
    }
    return states;
}

}  // namespace hotcell::dispatch
