#include "engine/dispatch/dispatcher.h"

#include <algorithm>

#include "engine/base/result.h"
#include "engine/dispatch/invoke_report.h"
#include "engine/linux/files/files.h"

namespace hotcell::dispatch {

using environment::Manifest;
using environment::Slot;

struct Dispatcher::Flight {
    Call call;
    const Manifest* manifest = nullptr;
    SlotSource* source = nullptr;
    StartKind start = StartKind::Exec;
    PhaseClock phases;
    std::shared_ptr<Run> run{};
    std::optional<Result<>> stored{};  // set once the program is there, or will not be
    bool starting = true;
    bool ended = false;
    bool holds_code = false;
    bool cancelled = false;
};

namespace {

constexpr Nanos kRefillDelay = std::chrono::milliseconds(20);

std::vector<std::string> make_argv(const Manifest& manifest, StartKind start,
                                   const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = manifest.exec;
    if (start == StartKind::Zygote) argv = {"/code/" + manifest.program_file};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

std::vector<std::string> make_environment(const Manifest& manifest, std::map<std::string, std::string> asked) {
    asked.insert(manifest.environment.begin(), manifest.environment.end());  // what the call says stays
    std::vector<std::string> all;
    for (const auto& [name, value] : asked) all.push_back(name + "=" + value);
    return all;
}

Result<StartKind> choose_start(const RunRequest& request, const Manifest& manifest) {
    if (request.start == StartKind::Zygote && !manifest.zygote)
        return fail(ErrorKind::InvalidArgument, "start: zygote, but runtime " + manifest.name + " cannot fork");
    if (request.start == StartKind::Prepared)
        return fail(ErrorKind::InvalidArgument,
                    "start: prepared is for functions; a program is started by exec or zygote");
    if (request.start != StartKind::Automatic) return request.start;
    return manifest.zygote ? StartKind::Zygote : StartKind::Exec;
}

}  // namespace

Dispatcher::Dispatcher(DispatcherParts parts, const EngineOptions& options, Bytes memory_budget)
    : parts_(parts),
      options_(options),
      admission_(options.concurrent_runs, memory_budget),
      check_(parts.reactor, parts.storage, parts.store),
      refill_later_(parts.reactor) {
    SourceOptions source;
    source.pooled_slots = options.pooled_slots;
    source.tmp_size = options.tmp_size;
    source.log = options.log;
    for (std::uint32_t i = 0; i < parts_.manifests.size(); ++i)
        sources_.push_back(
            std::make_unique<SlotSource>(parts_.reactor, parts_.builder, i, parts_.manifests[i], source));
    functions_ = std::make_unique<Functions>(
        FunctionsParts{parts_.reactor, parts_.warden, parts_.builder, parts_.store, check_, parts_.logs,
                       parts_.manifests, parts_.extra_connections, sources_, admission_,
                       [this](int change) {
                           if (change > 0)
                               ++starting_;
                           else
                               start_is_over();
                       },
                       [this] { tell_if_idle(); }},
        options_);
}

void Dispatcher::start_is_over() {
    --starting_;
    // most programs are over sooner than a slot is built: only for a longer one the pool is filled beside it
    refill_later_.start(kRefillDelay, [this] { refill_if_quiet(); });
}

void Dispatcher::run(Call call) {
    PhaseClock phases(call.accepted_ns);
    phases.add_part("queue", "hash", call.hashing);
    phases.end("queue");
    const auto found = std::find_if(parts_.manifests.begin(), parts_.manifests.end(),
                                    [&](const Manifest& one) { return one.name == call.request.runtime; });
    const auto refuse = [&](Error error) { call.done(std::unexpected(std::move(error))); };
    if (found == parts_.manifests.end())
        return refuse({ErrorKind::NotFound, 0, "runtime: there is none named '" + call.request.runtime + "'", {}});
    if (!parts_.builder.is_alive() || !parts_.warden.is_alive())
        return refuse({ErrorKind::Broken, 0, "the privileged helper has gone: nothing can be run", {}});
    const auto start = choose_start(call.request, *found);
    if (!start) return refuse(start.error());
    SlotSource* source = sources_[static_cast<std::size_t>(found - parts_.manifests.begin())].get();
    if (call.request.slot == SlotKind::Pooled && options_.pooled_slots == 0)
        return refuse(
            {ErrorKind::InvalidArgument, 0, "slot: pooled, but the engine keeps no pool (pooled_slots is 0)", {}});
    if (call.request.slot == SlotKind::Pooled && !source->fits_pool(call.request.limits))
        return refuse({ErrorKind::InvalidArgument,
                       0,
                       "slot: pooled, but limits.tmp or limits.processes is not that of pooled slots",
                       {}});
    auto admitted = admission_.admit(call.request.limits.memory);
    // idle environments give way
    if (!admitted && functions_->make_room(call.request.limits.memory))
        admitted = admission_.admit(call.request.limits.memory);
    if (!admitted) return refuse(admitted.error());

    auto flight = std::make_shared<Flight>(Flight{.call = std::move(call), .phases = phases});
    flight->manifest = &*found;
    flight->source = source;
    flight->start = *start;
    flights_.insert(flight);
    ++starting_;
    flight->phases.end("admission");
    store_code(flight);
    const RunRequest& request = flight->call.request;
    source->get({*start, request.slot, request.limits},
                [this, flight](Result<GivenSlot> given) { slot_given(flight, std::move(given)); });
}

void Dispatcher::store_code(const std::shared_ptr<Flight>& flight) {
    if (!flight->call.tool.empty()) {
        flight->stored = Result<>();
        return;
    }
    flight->holds_code = true;
    if (parts_.store.hold(flight->call.code_name)) {
        flight->stored = Result<>();
        return;
    }
    parts_.storage.post([this, flight] {
        auto stored =
            parts_.store.store(flight->call.code_name, flight->manifest->program_file, flight->call.request.program);
        parts_.reactor.post([this, flight, stored = std::move(stored)] {
            flight->stored = stored;
            if (flight->run && !flight->ended) attach(flight);
        });
    });
}

void Dispatcher::slot_given(const std::shared_ptr<Flight>& flight, Result<GivenSlot> given) {
    if (!given) {
        end(flight, std::unexpected(std::move(given).error()));
        refill_if_quiet();
        return tell_if_idle();
    }
    if (flight->ended) return flight->source->discard(std::move(given->slot), flight->start);
    if (given->kind == SlotKind::Fresh)
        for (const Phase& step : given->slot->steps()) flight->phases.add_part("sandbox", step.name, step.duration);
    flight->phases.end("sandbox");
    RunRequest& request = flight->call.request;
    RunCall call{.request_id = linux::random_uuid(),
                 .code_name = flight->call.code_name,
                 .argv = !flight->call.tool.empty() ? flight->call.tool
                                                    : make_argv(*flight->manifest, flight->start, request.arguments),
                 .environment = make_environment(*flight->manifest, request.environment),
                 .event = std::move(request.event),
                 .start = flight->start,
                 .slot = given->kind,
                 .limits = request.limits,
                 .limit_as_built = given->memory_limit,
                 .give_output = std::move(flight->call.give_output)};
    Run::Hooks hooks;
    hooks.on_started = [this, flight] {
        if (std::exchange(flight->starting, false)) start_is_over();
    };
    hooks.on_end = [this, flight](Result<RunReport> result, std::unique_ptr<Slot> slot) {
        // the answer first: taking a slot apart is work, and would have the caller wait for it
        SlotSource* const source = flight->source;
        const StartKind start = flight->start;
        end(flight, std::move(result));
        source->discard(std::move(slot), start);
        refill_if_quiet();
        tell_if_idle();
    };
    flight->run = std::make_shared<Run>(parts_.reactor, parts_.warden, std::move(call), flight->phases,
                                        std::move(given->slot), std::move(hooks));
    flight->run->begin();
    if (flight->stored) attach(flight);
}

void Dispatcher::attach(const std::shared_ptr<Flight>& flight) {
    if (flight->cancelled) return flight->run->abandon(cancelled_error());
    flight->run->code_stored(*flight->stored);
}

void Dispatcher::end(const std::shared_ptr<Flight>& flight, Result<RunReport> result) {
    if (std::exchange(flight->ended, true)) return;
    if (result)
        ++runs_;
    else if (!flight->cancelled)
        ++failed_starts_;
    if (std::exchange(flight->starting, false)) --starting_;
    admission_.release(flight->call.request.limits.memory);
    if (flight->holds_code) parts_.store.release(flight->call.code_name);
    flights_.erase(flight);
    flight->run.reset();  // it holds hooks that hold the flight
    if (auto done = std::exchange(flight->call.done, nullptr)) done(std::move(result));
}

void Dispatcher::tell_if_idle() {
    if (flights_.empty() && functions_->is_idle() && idle_) std::exchange(idle_, nullptr)();
}

void Dispatcher::refill_if_quiet() {
    if (starting_ > 0 || idle_) return;  // a start under way has the machine to itself
    for (auto& source : sources_) source->refill();
}

void Dispatcher::warm_up() { refill_if_quiet(); }

bool Dispatcher::is_ready() const {
    return std::all_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->is_ready(); });
}

void Dispatcher::describe(EngineDescription& description) const {
    for (const Manifest& manifest : parts_.manifests) description.runtimes.push_back(manifest.name);
    for (const auto& source : sources_) {
        for (PoolState& state : source->describe()) description.pools.push_back(std::move(state));
        if (description.landlock_abi == 0) description.landlock_abi = source->landlock_abi();
    }
    description.runs = runs_;
    description.failed_starts = failed_starts_;
}

void Dispatcher::close(std::function<void()> idle) {
    admission_.close();
    functions_->end_idle();
    if (flights_.empty() && functions_->is_idle()) return idle();
    idle_ = std::move(idle);
}

void Dispatcher::cancel(std::uint64_t call) {
    const auto found = std::ranges::find_if(
        flights_, [&](const auto& one) { return one->call.number == call && one->call.number != 0; });
    if (found == flights_.end()) return functions_->cancel(call);
    const auto flight = *found;  // it leaves the set with its end
    flight->cancelled = true;
    if (flight->run && flight->stored) attach(flight);  // else it is admitted until both are done: they are work
}

void Dispatcher::abandon_all(const Error& error) {
    const auto flights = flights_;
    for (const auto& flight : flights) {
        if (flight->run)
            flight->run->abandon(error);
        else
            end(flight, std::unexpected(error));
    }
    functions_->abandon_all(error);
    tell_if_idle();
}

void Dispatcher::destroy_pools() {
    functions_->abandon_all(Error{ErrorKind::Broken, 0, "the engine is closing", {}});
    for (auto& source : sources_) source->close();
}

}  // namespace hotcell::dispatch
