#include "engine/catalog/snapshot.h"

#include <algorithm>

namespace hotcell::catalog {

Snapshot::Snapshot() { shards_.fill(std::make_shared<const Shard>()); }

std::shared_ptr<const Snapshot> Snapshot::of(std::vector<ServiceEntry> entries) {
    std::array<std::shared_ptr<Shard>, kShards> parts;
    for (auto& part : parts) part = std::make_shared<Shard>();
    for (ServiceEntry& entry : entries) {
        Shard& part = *parts[place(name_of(entry))];
        part.put(std::make_shared<const ServiceEntry>(std::move(entry)));
    }
    auto made = std::make_shared<Snapshot>();
    std::copy(parts.begin(), parts.end(), made->shards_.begin());
    return made;
}

std::shared_ptr<const Function> Snapshot::function(std::string_view service, std::string_view name) const {
    const auto entry = this->service(service);
    return entry ? function_of(entry->functions->find(name)) : nullptr;
}

std::vector<std::shared_ptr<const ServiceEntry>> Snapshot::services(std::string_view from) const {
    std::vector<std::shared_ptr<const ServiceEntry>> all;
    for (const auto& shard : shards_) {
        const auto part = shard->all();
        const auto at =
            std::partition_point(part.begin(), part.end(), [&](const auto& entry) { return name_of(*entry) < from; });
        all.insert(all.end(), at, part.end());
    }
    std::sort(all.begin(), all.end(),
              [](const auto& one, const auto& other) { return name_of(*one) < name_of(*other); });
    return all;
}

std::shared_ptr<const Snapshot> Snapshot::with(ServiceEntry entry) const {
    auto next = std::make_shared<Snapshot>(*this);
    auto& slot = next->shards_[place(name_of(entry))];
    auto part = std::make_shared<Shard>(*slot);
    part->put(std::make_shared<const ServiceEntry>(std::move(entry)));
    slot = std::move(part);
    return next;
}

std::shared_ptr<const Snapshot> Snapshot::with(Documents documents) const {
    auto next = std::make_shared<Snapshot>(*this);
    next->documents_ = std::make_shared<const Documents>(std::move(documents));
    return next;
}

std::shared_ptr<const Snapshot> Snapshot::without(std::string_view service) const {
    auto next = std::make_shared<Snapshot>(*this);
    auto& slot = next->shards_[place(service)];
    auto part = std::make_shared<Shard>(*slot);
    part->remove(service);
    slot = std::move(part);
    return next;
}

}  // namespace hotcell::catalog
