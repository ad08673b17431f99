// Functions of LATEST: an edit makes a new revision, the one before stays where a version has it.
#include "engine/catalog/ledger_state.h"
#include "engine/catalog/pages.h"
#include "engine/catalog/routing.h"
#include "engine/catalog/rules/limits.h"
#include "engine/linux/files/files.h"

namespace hotcell::catalog {

namespace {

constexpr char kFunctions = 'f';

/// What a change leaves of the code, and what it takes away: a field that is empty is the other's.
struct Parted {
    CodeIdentity kept;
    CodeIdentity replaced;
};

Parted part(const CodeIdentity& before, const FunctionChange& change, const CodeIdentity* code) {
    Parted parted{before, before};
    const bool new_package = code != nullptr && !code->name.empty();
    const bool new_layers = code != nullptr && change.layers;
    CodeIdentity& of_package = new_package ? parted.kept : parted.replaced;
    of_package.name.clear();
    of_package.package.clear();
    (new_layers ? parted.kept : parted.replaced).layers.clear();
    return parted;
}

CodeIdentity joined(const Parted& parted, const CodeIdentity& before, const CodeIdentity* code) {
    if (code == nullptr) return before;
    CodeIdentity all = code->name.empty() ? before : *code;
    all.layers = parted.kept.layers.empty() ? code->layers : parted.kept.layers;
    return all;
}

}  // namespace

Result<> check_code(const CodeIdentity& code) {
    const bool good = code.name.size() == 64 && code.name.find_first_not_of("0123456789abcdef") == code.name.npos;
    if (!good) return refuse_value("code", "a package in the code store", code.name);
    return {};
}

Result<Function> Ledger::create_function(Function function) {
    TRY(check(function, state_->runtimes));
    TRY(check_code(function.code));
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(function.service));
    if (entry.functions->find(function.name)) return already_exists(function.service, function.name);
    if (entry.functions->size() >= kFunctionsPerService)
        return refuse(ErrorKind::Exhausted, "LimitExceededError",
                      "service " + quoted(function.service) +
                          " contains too many functions (max: " + std::to_string(kFunctionsPerService) +
                          ", actual: " + std::to_string(entry.functions->size() + 1) + ")");
    function.id = linux::random_uuid();
    function.created_ms = function.modified_ms = now_ms();
    function.etag = new_etag();
    auto revision = std::make_shared<FunctionRevision>();
    revision->function = function;
    revision->number = TRY_IN("create a function", state_->store.insert(function, entry.service().id));
    entry.functions = entry.functions->with(std::move(revision));
    state_->publish(std::move(entry));
    return function;
}

Result<Function> Ledger::update_function(std::string_view service, std::string_view name, const FunctionChange& change,
                                         const CodeIdentity* code, std::string_view if_match) {
    TRY(check(change, state_->runtimes));
    if (code != nullptr && (!code->name.empty() || !change.layers)) TRY(check_code(*code));
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(service));
    const auto found = entry.functions->find(name);
    if (!found) return no_function(service, name);
    TRY(check_match(if_match, found->function.etag));
    auto revision = std::make_shared<FunctionRevision>(*found);
    Function& updated = revision->function;
    apply(updated.settings, change);
    const Parted parted = part(found->function.code, change, code);
    updated.code = joined(parted, found->function.code, code);
    TRY(check(updated, state_->runtimes));  // fields that are right one by one may not go together
    touch(updated);
    const Unused unused = unused_after_edit(entry, *found);
    revision->number = TRY_IN("update a function", state_->store.update(updated, entry.service().id, unused));
    const Function answer = updated;
    entry.functions = entry.functions->with(std::move(revision));
    state_->publish(std::move(entry));
    // each revision has its code by itself: the new one has what it was given, and has once more what stays
    if (unused.function_revisions.empty())
        state_->take(parted.kept);
    else
        state_->release(parted.replaced);
    return answer;
}

Result<Function> Ledger::function(std::string_view service, std::string_view name, std::string_view qualifier) const {
    const Qualified found = TRY(resolve(*snapshot(), service, qualifier));
    const auto revision = found.functions().find(name);
    if (!revision) return no_function(service, name);
    return revision->function;
}

Result<> Ledger::delete_function(std::string_view service, std::string_view name, std::string_view if_match) {
    const std::scoped_lock lock(state_->write_lock);
    ServiceEntry entry = *TRY(state_->entry(service));
    const auto found = entry.functions->find(name);
    if (!found) return no_function(service, name);
    TRY(check_match(if_match, found->function.etag));
    if (state_->has_triggers(service, name))
        return refuse(ErrorKind::Conflict, "FunctionNotEmpty", "function " + quoted(name) + " has active triggers");
    const Unused unused = unused_after_edit(entry, *found);
    TRY_IN("delete a function", state_->store.remove(found->function, unused));
    entry.functions = entry.functions->without(name);
    state_->publish(std::move(entry));
    state_->forget_documents(service, name);
    if (!unused.function_revisions.empty()) state_->release(found->function.code);
    return {};
}

Result<Page<Function>> Ledger::functions(std::string_view service, const PageRequest& request,
                                         std::string_view qualifier) const {
    TRY(check(request));
    const Qualified found = TRY(resolve(*snapshot(), service, qualifier));
    return page_of<Function, FunctionRevision>(kFunctions, found.functions().all(), request,
                                               [](const FunctionRevision& one) { return one.function; });
}

}  // namespace hotcell::catalog
