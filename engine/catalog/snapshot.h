// The catalog as it stood after one commit: immutable, shared by everybody who reads.
//
// A commit makes the next one, which shares all services but the changed one. Threads: any, without locks.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hotcell/catalog.h"

namespace hotcell::catalog {

/// Things by name: found in O(1) without allocating, and listed in the names' order.
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
    void put(Pointer item);
    void remove(std::string_view name);

private:
    std::vector<Pointer> sorted_;
    std::unordered_map<std::string_view, Pointer> index_;  // keys are the items' own names
};

/// A service and what belongs to it.
struct ServiceEntry {
    Service service;
    ByName<Function> functions;
};
inline std::string_view name_of(const ServiceEntry& entry) { return entry.service.name; }
inline std::string_view name_of(const Function& function) { return function.name; }

class Snapshot {
public:
    std::shared_ptr<const ServiceEntry> service(std::string_view name) const { return services_.find(name); }
    /// Null when there is none.
    std::shared_ptr<const Function> function(std::string_view service, std::string_view name) const {
        const auto entry = services_.find(service);
        return entry ? entry->functions.find(name) : nullptr;
    }
    std::span<const std::shared_ptr<const ServiceEntry>> services() const { return services_.all(); }
    /// The code that functions refer to, each once, sorted: what the code store must keep.
    std::vector<std::string> code_names() const;

    /// This one with one service put in, replaced or left out.
    std::shared_ptr<const Snapshot> with(ServiceEntry entry) const;
    std::shared_ptr<const Snapshot> without(std::string_view service) const;

private:
    ByName<ServiceEntry> services_;
};

template <class Item>
void ByName<Item>::put(Pointer item) {
    remove(name_of(*item));
    std::size_t at = 0, end = sorted_.size();
    while (at < end) {
        const std::size_t middle = (at + end) / 2;
        if (name_of(*sorted_[middle]) < name_of(*item))
            at = middle + 1;
        else
            end = middle;
    }
    index_.emplace(name_of(*item), item);
    sorted_.insert(sorted_.begin() + static_cast<std::ptrdiff_t>(at), std::move(item));
}

template <class Item>
void ByName<Item>::remove(std::string_view name) {
    if (index_.erase(name) == 0) return;
    std::erase_if(sorted_, [&](const Pointer& item) { return name_of(*item) == name; });
}

}  // namespace hotcell::catalog
