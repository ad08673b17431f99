#include "engine/environment/code/code_store.h"

#include "engine/base/result.h"
#include "engine/environment/code/sha256.h"
#include "engine/environment/code/tree_hash.h"
#include "engine/environment/code/tree_listing.h"
#include "engine/linux/files/files.h"

namespace hotcell::environment {

CodeStore::CodeStore(std::string directory, Bytes most) : directory_(std::move(directory)), most_(most) {
    read_directory();
}

Result<> CodeStore::prepare(const std::string& directory, std::uint32_t uid, std::uint32_t gid) {
    linux::remove_tree(directory + "/staging");
    for (const char* part : {"/code", "/staging"}) {
        TRY(linux::make_directories(directory + part, 0755));
        TRY(linux::set_owner(directory + part, uid, gid));
    }
    return {};
}

std::string CodeStore::name_of(std::string_view file, std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    TreeListing listing;
    listing.file(std::string(file), true, bytes.size(), hash.hex());
    return listing.name();
}

void CodeStore::read_directory() {
    const auto names = linux::list_directory(code_directory(directory_));
    if (!names) return;
    for (const std::string& name : *names) {
        if (name.size() != 64) continue;
        const auto inside = linux::list_directory(code_directory(directory_) + "/" + name);
        if (!inside || inside->empty()) continue;  // nobody's code; store() renames over an empty directory
        Entry& found = entry(name);
        found.stored = true;
        found.bytes = linux::size_below(code_directory(directory_) + "/" + name);
        total_ += found.bytes;
    }
}

CodeStore::Entry& CodeStore::entry(const std::string& name) {
    const auto [at, fresh] = entries_.try_emplace(name);
    if (fresh)
        at->second.place = by_use_.insert(by_use_.end(), name);
    else
        by_use_.splice(by_use_.end(), by_use_, at->second.place);
    return at->second;
}

bool CodeStore::hold(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    Entry& held = entry(name);
    ++held.holds;
    return held.sound;
}

bool CodeStore::has(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(name);
    return found != entries_.end() && found->second.stored;
}

bool CodeStore::is_sound(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(name);
    return found != entries_.end() && found->second.sound;
}

Result<> CodeStore::verify(const std::string& name) {
    if (is_sound(name)) return {};
    if (!has(name))
        return fail(ErrorKind::NotFound, "code " + name + " is not in the store any more", "deploy it again");
    const auto listing = list_tree(code_directory(directory_) + "/" + name);
    if (!listing || listing->name() != name)
        return fail(ErrorKind::Broken,
                    "code " + name + " has been changed on the disk" +
                        (listing ? std::string() : ": " + listing.error().message()),
                    "deploy it again");
    const std::scoped_lock lock(mutex_);
    if (const auto found = entries_.find(name); found != entries_.end()) found->second.sound = found->second.stored;
    return {};
}

std::string CodeStore::stage() {
    const std::scoped_lock lock(mutex_);
    return directory_ + "/staging/" + std::to_string(next_stage_++);
}

Result<> CodeStore::store(const std::string& name, std::string_view file, std::string_view bytes) {
    if (verify(name)) return {};
    const std::string staged = stage();
    const auto write = [&]() -> Result<> {
        TRY(linux::make_directories(staged, 0755));
        TRY(linux::write_new_file(staged + "/" + std::string(file), bytes, 0755));
        return linux::sync_directory(staged);
    };
    auto written = write();
    if (written) written = store_tree(name, staged);
    linux::remove_tree(staged);
    if (!written) return std::unexpected(std::move(written).error().in("store the program"));
    return {};
}

Result<> CodeStore::store_tree(const std::string& name, const std::string& staged_tree) {
    if (has(name) && !verify(name)) forget_broken(name);
    const std::uint64_t bytes = linux::size_below(staged_tree);
    const std::string code = code_directory(directory_);
    auto renamed = linux::rename_synced(staged_tree, code + "/" + name, code);
    // another call was faster with the same bytes
    if (!renamed && renamed.error().kind != ErrorKind::Conflict) return renamed;
    if (!renamed) linux::remove_tree(staged_tree);
    const std::scoped_lock lock(mutex_);
    Entry& stored = entry(name);
    if (!stored.stored) {
        stored.stored = true;
        stored.bytes = bytes;
        total_ += bytes;
    }
    stored.sound = true;
    drop_oldest();
    return {};
}

/// Takes a changed tree out of the way of a sound one. Whoever holds the name goes on holding it.
void CodeStore::forget_broken(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end() || !found->second.stored || found->second.sound) return;
    drop(name);
    total_ -= found->second.bytes;
    found->second.stored = false;
}

void CodeStore::release(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end() || found->second.holds == 0) return;
    if (--found->second.holds == 0 && !found->second.stored) {
        by_use_.erase(found->second.place);
        entries_.erase(found);
    }
}

void CodeStore::drop_oldest() {
    for (auto at = by_use_.begin(); total_ > most_.count && at != by_use_.end();) {
        const auto found = entries_.find(*at);
        if (found->second.holds > 0 || !found->second.stored) {
            ++at;
            continue;
        }
        drop(*at);
        total_ -= found->second.bytes;
        at = by_use_.erase(at);
        entries_.erase(found);
    }
}

void CodeStore::drop(const std::string& name) {
    // out of code/ in one step: a half removed tree must not be found there by the next life. A slot that still has it
    // mounted keeps the files until it ends: only their names go
    const std::string from = code_directory(directory_) + "/" + name;
    const std::string to = directory_ + "/staging/" + std::to_string(next_stage_++);
    const bool moved = linux::rename_synced(from, to, code_directory(directory_)).has_value();
    linux::remove_tree(moved ? to : from);
}

}  // namespace hotcell::environment
