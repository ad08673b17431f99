// The ledger's inside: the store, the snapshot that is current, and what its changes have in common.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/catalog/ledger.h"
#include "engine/catalog/missing.h"
#include "engine/catalog/store/catalog_store.h"

namespace hotcell::catalog {

struct Ledger::State {
    State(CatalogStore opened, std::vector<std::string> names) : store(std::move(opened)), runtimes(std::move(names)) {}

    std::shared_ptr<const Snapshot> snapshot() const {
        const std::scoped_lock lock(snapshot_lock);
        return current;
    }
    void publish(std::shared_ptr<const Snapshot> next) {
        const std::scoped_lock lock(snapshot_lock);
        current.swap(next);  // the old one ends after the lock
    }
    void publish(ServiceEntry entry) { publish(snapshot()->with(std::move(entry))); }
    Result<std::shared_ptr<const ServiceEntry>> entry(std::string_view service) const {
        auto found = snapshot()->service(service);
        if (!found) return no_service(service);
        return found;
    }
    Result<> load();
    Result<> load_documents();
    /// What went with a service or, when one is named, with a function of LATEST.
    void forget_documents(std::string_view service, std::string_view function = {});
    bool has_triggers(std::string_view service, std::string_view function) const;
    Result<> set_tags(ServiceEntry entry, std::map<std::string, std::string> tags);
    void take(const CodeIdentity& code) const {
        if (taken && !(code.name.empty() && code.layers.empty())) taken(code);
    }
    void release(const CodeIdentity& code) const {
        if (released && !(code.name.empty() && code.layers.empty())) released(code);
    }

    CatalogStore store;                       // with write_lock held
    const std::vector<std::string> runtimes;  // names
    std::vector<CodeIdentity> codes;
    std::function<void(const CodeIdentity&)> taken;
    std::function<void(const CodeIdentity&)> released;
    std::mutex write_lock;             // goes before snapshot_lock
    mutable std::mutex snapshot_lock;  // held to copy a pointer, never for the disk
    std::shared_ptr<const Snapshot> current = std::make_shared<Snapshot>();
};

std::int64_t now_ms();
std::string new_etag();
Result<> check_code(const CodeIdentity& code);
Result<> check_match(std::string_view if_match, const std::string& etag);

/// What every update does; a clock that was set back does not make a thing older than it is.
template <class Thing>
void touch(Thing& thing) {
    thing.modified_ms = std::max(thing.modified_ms, now_ms());
    thing.etag = new_etag();
}

template <class Field>
void set_if(Field& field, const std::optional<Field>& wanted) {
    if (wanted) field = *wanted;
}

// A revision is seen by the versions that were published between two edits, which lie beside each other: where the nearest one
// does not have it, none has.

/// What an edit of LATEST leaves behind, which no version has.
Unused unused_after_edit(const ServiceEntry& entry, const ServiceRevision& old);
Unused unused_after_edit(const ServiceEntry& entry, const FunctionRevision& old);
/// What only this version has.
Unused unused_without(const ServiceEntry& entry, const VersionEntry& version);

}  // namespace hotcell::catalog
