#include "engine/catalog/snapshot.h"

#include <algorithm>

namespace hotcell::catalog {

std::vector<std::string> Snapshot::code_names() const {
    std::vector<std::string> names;
    for (const auto& entry : services())
        for (const auto& function : entry->functions.all()) names.push_back(function->code.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::shared_ptr<const Snapshot> Snapshot::with(ServiceEntry entry) const {
    auto next = std::make_shared<Snapshot>(*this);
    next->services_.put(std::make_shared<const ServiceEntry>(std::move(entry)));
    return next;
}

std::shared_ptr<const Snapshot> Snapshot::without(std::string_view service) const {
    auto next = std::make_shared<Snapshot>(*this);
    next->services_.remove(service);
    return next;
}

}  // namespace hotcell::catalog
