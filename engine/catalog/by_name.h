// Things by their name: found in O(1) without allocating, and listed in the names' order. `name_of(item)` says the name.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hotcell::catalog {

template <class Item>
class ByName {
public:
    using Pointer = std::shared_ptr<const Item>;

    Pointer find(std::string_view name) const {
        const auto at = index_.find(name);
        return at == index_.end() ? nullptr : at->second;
    }
    /// In order of their names.
    std::span<const Pointer> all() const { return sorted_; }
    std::size_t size() const { return sorted_.size(); }

    /// Puts it in, in the place of one of the same name.
    void put(Pointer item) {
        remove(name_of(*item));
        const auto at = std::partition_point(sorted_.begin(), sorted_.end(),
                                             [&](const Pointer& one) { return name_of(*one) < name_of(*item); });
        index_.emplace(name_of(*item), item);
        sorted_.insert(at, std::move(item));
    }
    void remove(std::string_view name) {
        if (index_.erase(name) == 0) return;
        std::erase_if(sorted_, [&](const Pointer& item) { return name_of(*item) == name; });
    }

private:
    std::vector<Pointer> sorted_;
    std::unordered_map<std::string_view, Pointer> index_;  // keys are the items' own names
};

}  // namespace hotcell::catalog
