// Host user ids handed to domains and slots: ranges of 65536, unique while anything of them may be left.
//
// A domain gets one block: its own range, then the ranges of its slots, which its user namespace maps onto themselves.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace hotcell::warden {

inline constexpr std::uint32_t kIdsPerRange = 65536;

/// The slot ranges of one domain. Freed ranges go to the end of the queue: the longest unused comes first.
class IdBlock {
public:
    IdBlock(std::uint32_t first, std::uint32_t slot_ranges);
    std::uint32_t domain_base() const { return first_; }
    std::uint32_t slots_base() const { return first_ + kIdsPerRange; }
    std::uint32_t slot_id_count() const { return slot_ranges_ * kIdsPerRange; }
    std::optional<std::uint32_t> take();
    void give_back(std::uint32_t base) { free_.push_back(base); }

private:
    std::uint32_t first_;
    std::uint32_t slot_ranges_;
    std::deque<std::uint32_t> free_;
};

/// All blocks of an engine.
class IdBlocks {
public:
    IdBlocks(std::uint32_t base, std::uint32_t ranges, std::uint32_t slot_ranges);
    std::optional<IdBlock> take();
    void give_back(const IdBlock& block) { free_.push_back(block.domain_base()); }

private:
    std::uint32_t slot_ranges_;
    std::deque<std::uint32_t> free_;
};

}  // namespace hotcell::warden
