#include "engine/linux/sockets/unix_listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "engine/linux/syscall.h"

namespace hotcell::linux {

namespace {

constexpr int kBacklog = 1024;

/// A leading '@' stands for the abstract name space when `abstract` is allowed.
Result<std::pair<sockaddr_un, socklen_t>> address_of(const std::string& path, bool abstract) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(ErrorKind::InvalidArgument, "socket: a path of 1..107 bytes, not " + std::to_string(path.size()));
    path.copy(address.sun_path, path.size());
    if (abstract && path.front() == '@') address.sun_path[0] = '\0';
    return std::pair(address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() +
                                                     (address.sun_path[0] == '\0' ? 0 : 1)));
}

/// Makes the path free for bind(2).
Result<> clear_path(const std::string& path, const sockaddr_un& address, socklen_t size) {
    struct stat seen {};
    if (::lstat(path.c_str(), &seen) != 0) return {};
    if (!S_ISSOCK(seen.st_mode)) return fail(ErrorKind::Conflict, path + " exists and is not a socket");
    const auto probe =
        UniqueFd(TRY(syscall("make a socket", [] { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); })));
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0)
        return fail(ErrorKind::Conflict, path + " is in use",
                    "another daemon listens there; choose --socket or --run-dir");
    TRY(syscall("remove the socket nobody listens on, " + path, [&] { return ::unlink(path.c_str()); }));
    return {};
}

}  // namespace

Result<UniqueFd> listen_at(const std::string& path, const SocketOwner& owner) {
    const auto [address, size] = TRY(address_of(path, false));
    TRY(clear_path(path, address, size));
    UniqueFd fd(
        TRY(syscall("make a socket", [] { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); })));
    // connect(2) needs write permission on the path: nobody has it until the owner is set
    const mode_t before = ::umask(0777);
    const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size);
    const int sys = errno;
    ::umask(before);
    if (bound != 0) return fail_errno(sys, "bind " + path);
    TRY(syscall("give away " + path, [&] { return ::lchown(path.c_str(), owner.uid, owner.gid); }));
    TRY(syscall("open up " + path, [&] { return ::chmod(path.c_str(), owner.mode); }));
    TRY(syscall("listen at " + path, [&] { return ::listen(fd.get(), kBacklog); }));
    return fd;
}

Result<std::vector<UniqueFd>> take_passed_listeners() {
    std::vector<UniqueFd> listeners;
    const char* pid = std::getenv("LISTEN_PID");
    const char* count = std::getenv("LISTEN_FDS");
    const bool ours = pid != nullptr && count != nullptr && std::to_string(::getpid()) == pid;
    int fds = 0;
    if (ours) std::from_chars(count, count + std::strlen(count), fds);
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    for (int fd = 3; fd < 3 + fds; ++fd) {
        int listening = 0, family = 0;
        socklen_t size = sizeof listening;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0 ||
            ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 || family != AF_UNIX)
            return fail(ErrorKind::InvalidArgument,
                        "LISTEN_FDS: descriptor " + std::to_string(fd) + " is not a listening Unix socket");
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        listeners.emplace_back(fd);
    }
    return listeners;
}

ServiceManager::ServiceManager() {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr) return;
    const auto address = address_of(path, true);
    ::unsetenv("NOTIFY_SOCKET");
    if (!address) return;
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address->first), address->second) == 0)
        socket_ = std::move(fd);
}

void ServiceManager::tell(std::string_view state) const {
    if (socket_) (void)::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL);
}

}  // namespace hotcell::linux
