// Listening Unix sockets: made at a path, or handed over by the service manager; and the word back to it.
//
// Not here: accepting (api/server). Threads: any; the service manager's environment is read once, before threads.
// Kernel and interface: unix(7), sd_listen_fds(3), sd_notify(3).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

struct SocketOwner {
    uid_t uid;
    gid_t gid;
    mode_t mode;  // 0660: owner and group may connect
};

/// A listening, non-blocking socket at `path`. A socket that nobody listens on any more is replaced; Conflict when
/// somebody does, or when the path is something else. InvalidArgument when the path is longer than 107 bytes.
Result<UniqueFd> listen_at(const std::string& path, const SocketOwner& owner);

/// The listening sockets the service manager passed (LISTEN_PID, LISTEN_FDS), close-on-exec and non-blocking; none when
/// it passed none. Forgets the variables.
Result<std::vector<UniqueFd>> take_passed_listeners();

/// Tells the service manager about this process, if there is one (NOTIFY_SOCKET). The socket is opened at construction, so
/// that it can be used after a change of root.
class ServiceManager {
public:
    ServiceManager();
    /// "READY=1", "STOPPING=1", "STATUS=…". A word that cannot be delivered is lost: nobody waits for it.
    void tell(std::string_view state) const;

private:
    UniqueFd socket_;
};

}  // namespace hotcell::linux
