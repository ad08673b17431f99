// Engine's calls: the ledger says what may run, dispatch runs it.
#include <future>
#include <set>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/catalog/routing.h"
#include "engine/embed/engine_state.h"
#include "engine/linux/files/files.h"

namespace hotcell {

namespace {

constexpr std::size_t kMostEvent = 6 << 20;

bool is_request_id(const std::string& text) {
    return text.size() <= 64 &&
           text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") ==
               std::string::npos;
}

Error wrong(std::string words, std::string code = "InvalidArgument") {
    return Error{ErrorKind::InvalidArgument, 0, std::move(words), {}, std::move(code)};
}

}  // namespace

void Engine::State::hold_code() {
    std::set<std::string> missing;
    for (const CodeIdentity& code : ledger.take_codes()) {
        catalog.hold(code);
        if (!store.has(code.name)) missing.insert(code.name);
    }
    packages.remove_unheld();
    for (const std::string& name : missing)
        if (prepared.options.log)
            prepared.options.log("code " + name + " is not in the store any more: deploy its functions again");
    ledger.on_codes([this](const CodeIdentity& code) { catalog.hold(code); },
                    [this](const CodeIdentity& code) { catalog.release(code); });
}

void Engine::State::retire(const std::string& function_id, std::string_view version) {
    (void)post(
        [this, function_id, version = std::string(version)] { dispatcher->functions().retire(function_id, version); });
}

void Engine::State::invoke(std::uint64_t number, InvokeRequest request,
                           std::function<void(Result<InvokeReport>)> done) {
    const std::uint64_t accepted = monotonic_ns();
    const auto refuse = [&](Error error) {
        metrics.count_refused(error);
        done(std::unexpected(std::move(error)));
    };
    if (request.request_id.empty()) request.request_id = linux::random_uuid();
    if (!is_request_id(request.request_id)) return refuse(wrong("requestId: letters, digits and '-' only, 64 at most"));
    if (request.event.size() > kMostEvent)
        return refuse(wrong("payload size exceeds maximum allowed size (" + std::to_string(kMostEvent) + " bytes)",
                            "EntityTooLarge"));
    if (request.qualifier.empty()) request.qualifier = kLatest;
    const auto deployed = ledger.snapshot();
    auto route = catalog::route(*deployed, request.service, request.qualifier, request.function);
    if (!route) return refuse(std::move(route).error());
    auto call = std::make_shared<dispatch::FunctionCall>();
    call->service = std::move(route->service);
    call->function = std::move(route->function);
    call->version = std::move(route->version);
    if (!deployed->documents().on_demands.empty()) {  // a call costs nothing for what nobody has put
        const auto limit = catalog.get_on_demand_config({request.service, request.qualifier, request.function});
        if (limit) call->most_instances = limit->most_instances;
    }
    call->request = std::move(request);
    call->number = number;
    call->accepted_ns = accepted;
    call->done = [this, function = call->function, done = std::move(done)](Result<InvokeReport> report) {
        if (report) {
            records.add(*report);
            metrics.count(function->service, function->name, *report);
        } else {
            metrics.count_refused(report.error());
        }
        done(std::move(report));
    };
    if (!post([this, call] { dispatcher->functions().invoke(std::move(*call)); }))
        call->done(fail(ErrorKind::Exhausted, "the engine is draining: no new calls"));
}

std::uint64_t Engine::invoke(InvokeRequest request, std::function<void(Result<InvokeReport>)> done) {
    const std::uint64_t number = state_->next_call++;
    state_->invoke(number, std::move(request), std::move(done));
    return number;
}

void Engine::cancel(std::uint64_t call) {
    (void)state_->post([state = state_.get(), call] { state->dispatcher->cancel(call); });
}

LogPage Engine::logs(const LogQuery& query) const { return state_->logs.find(query); }

void Engine::logs(LogQuery query, Millis wait, std::function<void(LogPage)> done) {
    const auto shared = std::make_shared<std::function<void(LogPage)>>(std::move(done));
    if (!state_->post([state = state_.get(), query = std::move(query), wait, shared]() mutable {
            state->log_reader.read(std::move(query), wait, std::move(*shared));
        }))
        (*shared)({});
}

Result<InvokeReport> Engine::invoke(InvokeRequest request) {
    auto promise = std::make_shared<std::promise<Result<InvokeReport>>>();
    auto result = promise->get_future();
    state_->invoke(state_->next_call++, std::move(request),
                   [promise](Result<InvokeReport> report) { promise->set_value(std::move(report)); });
    return result.get();
}

Result<InvokeReport> Engine::invocation(const std::string& request_id) const {
    if (auto found = state_->records.find(request_id)) return std::move(*found);
    return fail(ErrorKind::NotFound, "request '" + request_id + "' is not among the last calls");
}

std::vector<Instance> Engine::instances(const std::string& service, const std::string& function) const {
    std::vector<Instance> all;
    (void)state_->call([&] { all = state_->dispatcher->functions().instances(service, function); });
    return all;
}

std::uint32_t Engine::evict_instances(const std::string& service, const std::string& function) {
    std::uint32_t count = 0;
    (void)state_->call([&] { count = state_->dispatcher->functions().evict(service, function); });
    return count;
}

ProvisionState Engine::provision_state(const FunctionReference& of) const {
    ProvisionState state;
    (void)state_->call([&] { state = state_->provisioner->state_of(of); });
    return state;
}

std::string Engine::metrics() const { return state_->metrics.text() + state_->async->metrics(); }

std::vector<RuntimeState> Engine::runtimes() const {
    std::vector<RuntimeState> all;
    for (const environment::Manifest& manifest : state_->prepared.manifests) {
        RuntimeState state{manifest.name, manifest.names, {}, manifest.image.empty() ? "host" : "image"};
        if (manifest.function) {
            if (manifest.zygote) state.starts.emplace_back("zygote");
            if (manifest.function->prepared) state.starts.emplace_back("prepared");
            state.starts.emplace_back("exec");
        }
        all.push_back(std::move(state));
    }
    return all;
}

}  // namespace hotcell
