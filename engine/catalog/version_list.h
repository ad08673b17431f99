// What versions are made of, and the versions of a service by id: shared between snapshots, so that publishing one more copies
// a few pointers however many there are.
//
// A revision is a thing as it was between two edits; it has a row of its own on disk. LATEST and every version that was
// published in between share it. Immutable; threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/catalog.h"

namespace hotcell::catalog {

struct ServiceRevision {
    Service service;          // tags are LATEST's
    std::int64_t number = 0;  // of its row
};

struct FunctionRevision {
    Function function;
    std::int64_t number = 0;  // of its row
};
inline std::string_view name_of(const FunctionRevision& revision) { return revision.function.name; }
inline std::shared_ptr<const Function> function_of(std::shared_ptr<const FunctionRevision> revision) {
    const Function* function = revision ? &revision->function : nullptr;
    return {std::move(revision), function};
}

/// The functions of a service, at most kFunctionsPerService: one is found by a look at some neighbouring numbers.
class FunctionSet {
public:
    using Pointer = std::shared_ptr<const FunctionRevision>;

    Pointer find(std::string_view name) const;
    /// In order of their names.
    std::span<const Pointer> all() const { return sorted_; }
    std::size_t size() const { return sorted_.size(); }
    bool has(std::int64_t number) const;
    /// This one with a function put in, replaced or left out.
    std::shared_ptr<const FunctionSet> with(Pointer revision) const;
    std::shared_ptr<const FunctionSet> without(std::string_view name) const;
    static std::shared_ptr<const FunctionSet> of(std::vector<Pointer> revisions);

private:
    std::vector<Pointer> sorted_;
    std::vector<std::size_t> hashes_;  // of the names, in the same order
};

/// Whether a version made of these would be what the other is.
bool is_same(const FunctionSet& one, const FunctionSet& other);

struct VersionEntry {
    Version version;
    std::string name;  // its id in decimal
    std::shared_ptr<const ServiceRevision> service;
    std::shared_ptr<const FunctionSet> functions;
};

class VersionList {
public:
    using Pointer = std::shared_ptr<const VersionEntry>;

    Pointer find(std::uint64_t id) const;
    Pointer newest() const;
    /// The nearest older and newer one, null when there is none; `id` itself need not be in it.
    Pointer before(std::uint64_t id) const;
    Pointer after(std::uint64_t id) const;
    std::size_t size() const { return size_; }

    /// `entry` is newer than all.
    void append(Pointer entry);
    void remove(std::uint64_t id);

private:
    // sorted, none empty; a chunk never changes once it is shared
    using Chunk = std::vector<Pointer>;
    static constexpr std::size_t kChunk = 128;
    std::size_t chunk_of(std::uint64_t id) const;  // the first whose last id is not below; chunks_.size() for none

    std::vector<std::shared_ptr<const Chunk>> chunks_;
    std::size_t size_ = 0;
};

}  // namespace hotcell::catalog
