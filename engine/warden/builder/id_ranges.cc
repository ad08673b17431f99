#include "engine/warden/builder/id_ranges.h"

namespace hotcell::warden {

IdBlock::IdBlock(std::uint32_t first, std::uint32_t slot_ranges) : first_(first), slot_ranges_(slot_ranges) {
    for (std::uint32_t i = 0; i < slot_ranges; ++i) free_.push_back(slots_base() + i * kIdsPerRange);
}

std::optional<std::uint32_t> IdBlock::take() {
    if (free_.empty()) return std::nullopt;
    const std::uint32_t base = free_.front();
    free_.pop_front();
    return base;
}

IdBlocks::IdBlocks(std::uint32_t base, std::uint32_t ranges, std::uint32_t slot_ranges) : slot_ranges_(slot_ranges) {
    for (std::uint32_t i = 0; (i + 1) * (slot_ranges + 1) <= ranges; ++i)
        free_.push_back(base + i * (slot_ranges + 1) * kIdsPerRange);
}

std::optional<IdBlock> IdBlocks::take() {
    if (free_.empty()) return std::nullopt;
    const std::uint32_t first = free_.front();
    free_.pop_front();
    return IdBlock(first, slot_ranges_);
}

}  // namespace hotcell::warden
