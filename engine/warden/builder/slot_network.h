// The network namespace of one slot, as the builder works in it: its lo, and TCP sockets of it for the front, which never
// enters one. A socket belongs to the namespace it was made in for ever (network_namespaces(7)).
//
// Threads: the builder's one. It is in the other namespace only within these functions. Kernel: setns(2), tcp(7).
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::warden {

struct SocketWish {
    std::uint32_t connections = 0;
    std::uint16_t listen_port = 0;  // 0: none
};
struct SlotSockets {
    std::vector<linux::UniqueFd> connections;  // unconnected, non-blocking, with small buffers
    linux::UniqueFd listener;
};

/// Sets lo up in the namespace of the process `init` (pidfd) and makes the sockets. `own` is the builder's namespace.
Result<SlotSockets> furnish_network(int init, int own, const SocketWish& wish);
/// Sockets alone, lo being up.
Result<SlotSockets> make_sockets(int init, int own, const SocketWish& wish);

}  // namespace hotcell::warden
