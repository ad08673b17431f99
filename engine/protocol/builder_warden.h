// The pipe from the builder to the warden: which slots exist. The builder writes before it tells the front, and the
// warden reads this pipe before the front's, so the warden knows a slot before anybody can name it.
#pragma once

#include <cstdint>

namespace hotcell::protocol {

enum class WardenNotice : std::uint32_t { Register = 1, Forget = 2 };

/// With descriptors, in this order: mount namespace, O_PATH of /code, O_PATH of /opt, pidfd of pid 1, directory of the
/// slot's group in the hierarchy that freezes.
struct SlotNotice {
    std::uint32_t type;
    std::uint32_t host_id;  // first host uid of the slot's range
    std::uint64_t slot;
};
inline constexpr std::uint32_t kRegisterFds = 5;

}  // namespace hotcell::protocol
