// A listening TCP socket at an address given in numbers.
//
// Not here: accepting, and who may talk (api/server). No name is ever looked up: what listens must not depend on a name
// server. Threads: any. Kernel: ip(7), ipv6(7), tcp(7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

struct TcpListener {
    UniqueFd fd;
    std::string shown;               // "127.0.0.1:8000", with the port that was taken
    std::vector<std::string> hosts;  // what a client may call it: the address, on loopback "localhost" too; with port
    std::uint16_t port = 0;
};

/// `text` is "127.0.0.1:8000" or "[::1]:8000"; port 0 takes any. Close-on-exec, non-blocking. InvalidArgument for
/// another form, Kernel(EADDRINUSE) when somebody listens there.
Result<TcpListener> listen_at_tcp(std::string_view text);

}  // namespace hotcell::linux
