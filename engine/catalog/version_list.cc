#include "engine/catalog/version_list.h"

#include <algorithm>
#include <functional>

namespace hotcell::catalog {

namespace {

constexpr auto hash_of = [](std::string_view name) { return std::hash<std::string_view>()(name); };

template <class Chunk>
auto place_in(const Chunk& chunk, std::uint64_t id) {
    return std::partition_point(chunk.begin(), chunk.end(), [&](const auto& entry) { return entry->version.id < id; });
}

}  // namespace

FunctionSet::Pointer FunctionSet::find(std::string_view name) const {
    const std::size_t hash = hash_of(name);
    for (std::size_t i = 0; i < hashes_.size(); ++i)
        if (hashes_[i] == hash && sorted_[i]->function.name == name) return sorted_[i];
    return nullptr;
}

bool FunctionSet::has(std::int64_t number) const {
    return std::any_of(sorted_.begin(), sorted_.end(), [&](const Pointer& one) { return one->number == number; });
}

std::shared_ptr<const FunctionSet> FunctionSet::of(std::vector<Pointer> revisions) {
    auto made = std::make_shared<FunctionSet>();
    made->sorted_ = std::move(revisions);
    std::sort(made->sorted_.begin(), made->sorted_.end(),
              [](const Pointer& one, const Pointer& other) { return one->function.name < other->function.name; });
    for (const Pointer& one : made->sorted_) made->hashes_.push_back(hash_of(one->function.name));
    return made;
}

std::shared_ptr<const FunctionSet> FunctionSet::with(Pointer revision) const {
    std::vector<Pointer> all;
    for (const Pointer& one : sorted_)
        if (one->function.name != revision->function.name) all.push_back(one);
    all.push_back(std::move(revision));
    return of(std::move(all));
}

std::shared_ptr<const FunctionSet> FunctionSet::without(std::string_view name) const {
    std::vector<Pointer> all;
    for (const Pointer& one : sorted_)
        if (one->function.name != name) all.push_back(one);
    return of(std::move(all));
}

bool is_same(const FunctionSet& one, const FunctionSet& other) {
    return std::equal(
        one.all().begin(), one.all().end(), other.all().begin(), other.all().end(), [](const auto& a, const auto& b) {
            return a == b || (a->function.name == b->function.name && a->function.id == b->function.id &&
                              a->function.settings == b->function.settings && a->function.code == b->function.code);
        });
}

std::size_t VersionList::chunk_of(std::uint64_t id) const {
    const auto at = std::partition_point(chunks_.begin(), chunks_.end(),
                                         [&](const auto& chunk) { return chunk->back()->version.id < id; });
    return static_cast<std::size_t>(at - chunks_.begin());
}

VersionList::Pointer VersionList::find(std::uint64_t id) const {
    const std::size_t at = chunk_of(id);
    if (at == chunks_.size()) return nullptr;
    const auto found = place_in(*chunks_[at], id);
    return (*found)->version.id == id ? *found : nullptr;
}

VersionList::Pointer VersionList::newest() const { return chunks_.empty() ? nullptr : chunks_.back()->back(); }

VersionList::Pointer VersionList::before(std::uint64_t id) const {
    std::size_t at = chunk_of(id);
    if (at < chunks_.size()) {
        const auto found = place_in(*chunks_[at], id);
        if (found != chunks_[at]->begin()) return *std::prev(found);
    }
    return at == 0 ? nullptr : chunks_[at - 1]->back();
}

VersionList::Pointer VersionList::after(std::uint64_t id) const {
    const std::size_t at = id == UINT64_MAX ? chunks_.size() : chunk_of(id + 1);
    return at == chunks_.size() ? nullptr : *place_in(*chunks_[at], id + 1);
}

void VersionList::append(Pointer entry) {
    ++size_;
    if (chunks_.empty() || chunks_.back()->size() == kChunk) {
        chunks_.push_back(std::make_shared<const Chunk>(Chunk{std::move(entry)}));
        return;
    }
    auto last = std::make_shared<Chunk>(*chunks_.back());
    last->push_back(std::move(entry));
    chunks_.back() = std::move(last);
}

void VersionList::remove(std::uint64_t id) {
    const std::size_t at = chunk_of(id);
    if (at == chunks_.size()) return;
    auto less = std::make_shared<Chunk>(*chunks_[at]);
    if (std::erase_if(*less, [&](const Pointer& entry) { return entry->version.id == id; }) == 0) return;
    --size_;
    if (less->empty())
        chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at));
    else
        chunks_[at] = std::move(less);
}

}  // namespace hotcell::catalog
