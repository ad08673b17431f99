// Engine: the public object over one loop that works and one thread that waits for the disk.
#include "hotcell/engine.h"

#include <chrono>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/dispatch/validate.h"
#include "engine/embed/describe.h"
#include "engine/embed/engine_state.h"
#include "engine/embed/provision_goals.h"
#include "engine/linux/files/files.h"
#include "engine/linux/process/spawn.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell {

using environment::Reactor;

namespace {

constexpr Bytes kMostStoredCode = mebibytes(2048);
constexpr std::size_t kMostCallRecords = 4096;
constexpr auto kAbandonPatience = std::chrono::seconds(5);
constexpr auto kDestroyPatience = std::chrono::seconds(20);
constexpr int kHelperPatienceMs = 20'000;

std::vector<std::string> names_of(const std::vector<environment::Manifest>& manifests) {
    std::vector<std::string> names;
    for (const environment::Manifest& manifest : manifests)
        if (manifest.function) names.insert(names.end(), manifest.names.begin(), manifest.names.end());
    return names;
}

std::int64_t seconds_since_1970() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Bytes budget_of(const EngineOptions& options) {
    return options.memory_budget.count != 0 ? options.memory_budget : Bytes{linux::machine_memory() / 4 * 3};
}

}  // namespace

Engine::State::State(PreparedEngine::State prepared_state, catalog::Ledger opened,
                     std::unique_ptr<dispatch::async::EventQueue> queue, EventLoop* host_loop)
    : prepared(std::move(prepared_state)),
      own_loop(host_loop == nullptr ? std::make_unique<EventLoop>() : nullptr),
      reactor(host_loop == nullptr ? *own_loop : *host_loop),
      storage(storage_loop),
      store(prepared.options.state_dir, kMostStoredCode),
      packages(prepared.options.state_dir),
      ledger(std::move(opened)),
      catalog({ledger, store, packages, names_of(prepared.manifests),
               [this](std::string zip, const std::string& runtime) { return store_package(std::move(zip), runtime); },
               [this](const std::string& function, std::string_view version) { retire(function, version); },
               [this] { (void)post([this] { provisioner->look(); }); }}),
      records(kMostCallRecords),
      log_reader(reactor, storage, logs) {
    hold_code();
    const auto work = [](EventLoop& loop) {
        linux::block_signals_of_this_thread();
        loop.run();
    };
    storage_thread = std::thread(work, std::ref(storage_loop));
    if (own_loop) thread = std::thread(work, std::ref(*own_loop));
    on_loop([&] {
        builder = std::make_unique<environment::BuilderClient>(reactor, std::move(prepared.builder),
                                                               [this] { helper_died("the builder has gone"); });
        warden = std::make_unique<environment::WardenClient>(reactor, std::move(prepared.warden),
                                                             [this] { helper_died("the warden has gone"); });
        dispatcher = std::make_unique<dispatch::Dispatcher>(
            dispatch::DispatcherParts{reactor, storage, *builder, *warden, store, logs, prepared.manifests,
                                      prepared.extra_connections},
            prepared.options, budget_of(prepared.options));
        dispatcher->warm_up();
        provisioner = std::make_unique<dispatch::Provisioner>(
            reactor, dispatcher->functions(), [this] { return embed::provision_goals(catalog); }, seconds_since_1970);
        if (prepared.options.keep_versions_of_aliases)
            dispatcher->functions().on_last([this](const std::string& service, const std::string& version) {
                return embed::is_meant_by_alias(catalog, service, version);
            });
        provisioner->look();
    });
    async = std::make_unique<embed::AsyncCalls>(
        std::move(queue),
        embed::AsyncParts{storage, catalog,
                          [this](InvokeRequest request, std::function<void(Result<InvokeReport>)> done) {
                              invoke(next_call++, std::move(request), std::move(done));
                          },
                          [this](const std::string& request_id) {
                              (void)post([this, request_id] { dispatcher->functions().cancel(request_id); });
                          },
                          prepared.options.log});
}

void Engine::State::on_loop(const std::function<void()>& work) {
    if (reactor.is_here()) return work();
    std::promise<void> done;
    reactor.post([&] {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

bool Engine::State::post(std::function<void()> work) {
    if (reactor.is_here()) {
        if (!dispatcher) return false;
        work();
        return true;
    }
    const std::shared_lock lock(open_mutex);
    if (!open) return false;
    reactor.post(std::move(work));
    return true;
}

bool Engine::State::call(const std::function<void()>& work) {
    if (reactor.is_here()) return post(work);
    std::promise<void> done;
    if (!post([&] {
            work();
            done.set_value();
        }))
        return false;
    done.get_future().wait();
    return true;
}

void Engine::State::run(std::uint64_t number, RunRequest request, std::function<void(Result<RunReport>)> done) {
    const std::uint64_t accepted = monotonic_ns();
    if (auto sound = dispatch::validate(request, prepared.options); !sound) return done(std::unexpected(sound.error()));
    const environment::Manifest* manifest = nullptr;
    for (const environment::Manifest& one : prepared.manifests)
        if (one.name == request.runtime) manifest = &one;
    if (manifest == nullptr)
        return done(fail(ErrorKind::NotFound, "runtime: there is none named '" + request.runtime + "'"));
    auto call = std::make_shared<dispatch::Call>();
    const std::uint64_t hashing = monotonic_ns();
    call->code_name = names.name_of(manifest->program_file, request.program);
    call->hashing = Nanos(monotonic_ns() - hashing);
    call->request = std::move(request);
    call->number = number;
    call->accepted_ns = accepted;
    call->done = std::move(done);
    if (!post([this, call] { dispatcher->run(std::move(*call)); }))
        call->done(fail(ErrorKind::Exhausted, "the engine is draining: no new calls"));
}

void Engine::State::helper_died(const char* which) {
    std::vector<std::function<void(Error)>> callbacks;
    {
        const std::scoped_lock lock(mutex);
        if (broken || draining) return;
        broken = true;
        broken_error = Error{ErrorKind::Broken, 0, which, "the engine must be opened anew"};
        callbacks = std::exchange(broken_callbacks, {});
    }
    if (prepared.options.log) prepared.options.log(broken_error.message());
    dispatcher->abandon_all(broken_error);
    for (auto& callback : callbacks) callback(broken_error);
}

EngineDescription Engine::State::describe_here() const {
    EngineDescription description = embed::describe_host(prepared.hello);
    description.instance = prepared.instance;
    dispatcher->describe(description);
    description.landlock_abi = prepared.hello.landlock_abi;
    description.async = async->state();
    return description;
}

void Engine::State::drain(Millis patience) {
    const std::scoped_lock one_at_a_time(drain_mutex);
    if (ended) return;
    async->close();
    const auto idle = std::make_shared<std::promise<void>>();
    auto is_idle = idle->get_future();
    reactor.post([this, idle] {
        provisioner->stop();
        dispatcher->close([idle] { idle->set_value(); });
    });
    if (is_idle.wait_for(patience) != std::future_status::ready) {
        reactor.post([this] {
            dispatcher->abandon_all(Error{ErrorKind::Broken, 0, "the engine is closing: the call was ended", {}});
        });
        (void)is_idle.wait_for(kAbandonPatience);
    }
    const auto gone = std::make_shared<std::promise<void>>();
    auto all_gone = gone->get_future();
    reactor.post([this, gone] {
        {
            const std::scoped_lock lock(mutex);
            draining = true;
            last_description = describe_here();
        }
        dispatcher->destroy_pools();
        builder->when_all_gone([gone] { gone->set_value(); });
    });
    (void)all_gone.wait_for(kDestroyPatience);
    {
        const std::unique_lock lock(open_mutex);
        open = false;
    }
    async->settle();
    storage_loop.stop();
    storage_thread.join();
    on_loop([this] { end_here(); });
    if (own_loop) {
        own_loop->stop();
        thread.join();
    }
    ended = true;
    (void)prepared.helper.wait(kHelperPatienceMs);
    prepared.lock.reset();
}

void Engine::State::end_here() {
    log_reader.close();
    reactor.close();
    provisioner.reset();
    dispatcher.reset();
    builder.reset();  // both ends closed: the helper takes down what is left and ends
    warden.reset();
}

Result<Engine> PreparedEngine::start_on(EventLoop* loop) && {
    auto ledger =
        TRY(catalog::Ledger::open(state_->options.state_dir + "/catalog.sqlite", names_of(state_->manifests)));
    dispatch::async::QueueLimits limits;
    limits.most_waiting = state_->options.most_queued_events;
    limits.most_bytes = state_->options.most_queued_bytes.count;
    limits.most_running = state_->options.most_running_events;
    limits.most_running_of_function = state_->options.most_running_events_per_function;
    auto queue = TRY(dispatch::async::EventQueue::open(state_->options.state_dir + "/queue.sqlite", limits));
    return Engine(std::make_unique<Engine::State>(std::move(*state_), std::move(ledger), std::move(queue), loop));
}

Result<Engine> PreparedEngine::start() && { return std::move(*this).start_on(nullptr); }
Result<Engine> PreparedEngine::start(EventLoop& loop) && { return std::move(*this).start_on(&loop); }

Catalog& Engine::catalog() { return state_->catalog; }
const Catalog& Engine::catalog() const { return state_->catalog; }

Result<Engine> Engine::open(EngineOptions options) {
    PreparedEngine prepared = TRY(prepare(std::move(options)));
    return std::move(prepared).start();
}

Result<Engine> Engine::open(EngineOptions options, EventLoop& loop) {
    PreparedEngine prepared = TRY(prepare(std::move(options)));
    return std::move(prepared).start(loop);
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

std::uint64_t Engine::run(RunRequest request, std::function<void(Result<RunReport>)> done) {
    const std::uint64_t number = state_->next_call++;
    state_->run(number, std::move(request), std::move(done));
    return number;
}

Result<RunReport> Engine::run(RunRequest request) {
    auto promise = std::make_shared<std::promise<Result<RunReport>>>();
    auto result = promise->get_future();
    run(std::move(request), [promise](Result<RunReport> report) { promise->set_value(std::move(report)); });
    return result.get();
}

EngineDescription Engine::describe() const {
    EngineDescription description;
    if (state_->call([&] { description = state_->describe_here(); })) return description;
    const std::scoped_lock lock(state_->mutex);
    return state_->last_description;
}

bool Engine::is_ready() const {
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->broken || state_->draining) return false;
    }
    bool ready = false;
    return state_->call([&] { ready = state_->dispatcher->is_ready(); }) && ready;
}

void Engine::on_broken(std::function<void(Error)> callback) {
    std::unique_lock lock(state_->mutex);
    if (!state_->broken) return state_->broken_callbacks.push_back(std::move(callback));
    const Error error = state_->broken_error;
    lock.unlock();
    callback(error);
}

void Engine::drain(Millis patience) { state_->drain(patience); }

}  // namespace hotcell
