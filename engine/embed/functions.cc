// Engine's services, functions and calls: the catalog says what may run, the package store holds it, dispatch runs it.
#include <future>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/catalog/rules/rules.h"
#include "engine/embed/engine_state.h"
#include "engine/environment/code/crc64.h"
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

/// 0: the caller has said nothing.
Result<> check_checksum(std::uint64_t said, std::uint64_t is) {
    if (said == 0 || said == is) return {};
    return std::unexpected(wrong("code checksum is set to an invalid value (allowed: " + std::to_string(is) +
                                 ", actual: '" + std::to_string(said) + "')"));
}

}  // namespace

void Engine::State::hold_code() {
    for (const std::string& name : catalog.snapshot()->code_names())
        if (!(store.hold(name) || store.has(name)) && prepared.options.log)
            prepared.options.log("code " + name + " is not in the store any more: deploy its functions again");
}

void Engine::State::retire(const std::string& function_id) {
    (void)post([this, function_id] { dispatcher->functions().retire(function_id); });
}

void Engine::State::invoke(InvokeRequest request, std::function<void(Result<InvokeReport>)> done) {
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
    if (!request.qualifier.empty() && request.qualifier != "LATEST")
        return refuse(Error{ErrorKind::NotFound,
                            0,
                            "alias '" + request.qualifier + "' of service '" + request.service + "' does not exist",
                            {},
                            "AliasNotFound"});
    const auto entry = catalog.snapshot()->service(request.service);
    auto function = entry ? entry->functions.find(request.function) : nullptr;
    if (!function) return refuse(catalog.function(request.service, request.function).error());
    auto call = std::make_shared<dispatch::FunctionCall>();
    call->service = std::shared_ptr<const Service>(entry, &entry->service);
    call->function = std::move(function);
    call->request = std::move(request);
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

void Engine::invoke(InvokeRequest request, std::function<void(Result<InvokeReport>)> done) {
    state_->invoke(std::move(request), std::move(done));
}

Result<InvokeReport> Engine::invoke(InvokeRequest request) {
    auto promise = std::make_shared<std::promise<Result<InvokeReport>>>();
    auto result = promise->get_future();
    state_->invoke(std::move(request),
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

std::string Engine::metrics() const { return state_->metrics.text(); }

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

Result<Service> Engine::create_service(Service service) { return state_->catalog.create_service(std::move(service)); }
Result<Service> Engine::update_service(const std::string& name, ServiceChange change, const std::string& if_match) {
    return state_->catalog.update_service(name, change, if_match);
}
Result<Service> Engine::get_service(const std::string& name) const { return state_->catalog.service(name); }
Result<> Engine::delete_service(const std::string& name, const std::string& if_match) {
    return state_->catalog.delete_service(name, if_match);
}
Result<Page<Service>> Engine::list_services(const PageRequest& page) const { return state_->catalog.services(page); }

Result<Function> Engine::create_function(Function function, std::string zip) {
    State& state = *state_;
    // what would be refused later is refused before anything is unpacked
    TRY(catalog::check(function, state.runtime_names));
    TRY(state.catalog.service(function.service));
    if (state.catalog.function(function.service, function.name))
        return state.catalog.create_function(std::move(function));  // FunctionAlreadyExists, in its words
    function.code_size = zip.size();
    const std::uint64_t checksum = environment::crc64(zip);
    TRY(check_checksum(function.code_checksum, checksum));
    function.code_checksum = checksum;
    function.code_name = TRY(state.store_package(std::move(zip), function.runtime));
    const std::string code = function.code_name;
    auto created = state.catalog.create_function(std::move(function));
    if (!created) state.store.release(code);
    return created;
}

Result<Function> Engine::update_function(const std::string& service, const std::string& name, FunctionChange change,
                                         const std::string& if_match) {
    State& state = *state_;
    TRY(catalog::check(change, state.runtime_names));
    const Function present = TRY(state.catalog.function(service, name));
    std::optional<catalog::CodeIdentity> code;
    if (change.zip) {
        code = catalog::CodeIdentity{{}, change.zip->size(), environment::crc64(*change.zip)};
        TRY(check_checksum(change.zip_checksum.value_or(0), code->checksum));
        code->name = TRY(state.store_package(std::move(*change.zip), change.runtime.value_or(present.runtime)));
    }
    const std::scoped_lock lock(state.change_mutex);
    const auto before = state.catalog.function(service, name);
    auto updated = state.catalog.update_function(service, name, change, code ? &*code : nullptr, if_match);
    if (!updated && code) state.store.release(code->name);
    if (!updated) return updated;
    if (code && before) state.store.release(before->code_name);
    state.retire(updated->id);
    return updated;
}

Result<Function> Engine::get_function(const std::string& service, const std::string& name) const {
    return state_->catalog.function(service, name);
}

Result<> Engine::delete_function(const std::string& service, const std::string& name, const std::string& if_match) {
    const std::scoped_lock lock(state_->change_mutex);
    const Function before = TRY(state_->catalog.function(service, name));
    TRY(state_->catalog.delete_function(service, name, if_match));
    state_->store.release(before.code_name);
    state_->retire(before.id);
    return {};
}

Result<Page<Function>> Engine::list_functions(const std::string& service, const PageRequest& page) const {
    return state_->catalog.functions(service, page);
}

}  // namespace hotcell
