// D01, D06: what can be reached from a sandbox without a network.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/escape/attacks/attack.h"

namespace hotcell::attacks {

void d01_network() {
    const int control = ::socket(AF_INET, SOCK_DGRAM, 0);
    if (control < 0) return cannot_try("a socket");
    for (int index = 1; index < 64; ++index) {
        ifreq request{};
        request.ifr_ifindex = index;
        if (::ioctl(control, SIOCGIFNAME, &request) != 0) continue;
        if (std::strcmp(request.ifr_name, "lo") != 0) achieved("interface %s", request.ifr_name);
    }
    ::close(control);
    if (bare) return;  // nothing is sent to anybody from outside a sandbox
    int tried = 0;
    for (const char* address : {"169.254.169.254", "100.100.100.200", "10.0.0.1", "192.0.2.1", "8.8.8.8", "224.0.0.1"})
        for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
            const int fd = ::socket(AF_INET, type | SOCK_NONBLOCK, 0);
            sockaddr_in to{};
            to.sin_family = AF_INET;
            to.sin_port = htons(53);
            ::inet_pton(AF_INET, address, &to.sin_addr);
            ++tried;
            const int result = ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
            if (result == 0 || (errno != ENETUNREACH && errno != EPERM))
                achieved("%s: connect answers %d, errno %d", address, result, result == 0 ? 0 : errno);
            ::close(fd);
        }
    const int six = ::socket(AF_INET6, SOCK_DGRAM, 0);
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(53);
    ::inet_pton(AF_INET6, "fd00:ec2::254", &to.sin6_addr);
    if (six >= 0 && ::connect(six, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) achieved("fd00:ec2::254");
    // loopback is the sandbox's own and up: a program may talk to itself
    const int server = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof own;
    if (::bind(server, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 || ::listen(server, 1) != 0 ||
        ::getsockname(server, reinterpret_cast<sockaddr*>(&own), &size) != 0)
        return cannot_try("listen on loopback: errno %d", errno);
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(client, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) cannot_try("loopback: errno %d", errno);
    if (tried < 12) cannot_try("only %d addresses", tried);
}

void d06_host_sockets() {
    // the test listens on these two, outside
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return cannot_try("a Unix socket");
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const char name[] = "\0hotcell-escape-canary";
    std::memcpy(to.sun_path, name, sizeof name - 1);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + sizeof name - 1);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&to), length) == 0) achieved("the host's abstract socket");
    ::close(fd);
    const int listed = ::open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
    char text[65536] = {};
    if (listed >= 0 && ::read(listed, text, sizeof text - 1) > 0 &&
        std::strstr(text, "hotcell-escape-canary") != nullptr)
        achieved("/proc/net/unix names the host's socket");
    for (const char* path :
         {"/run/hotcell/api.sock", "/run/hotcell/hotcell.sock", "/var/run/docker.sock", "/run/systemd/private",
          "/run/dbus/system_bus_socket", "/tmp/hotcell-escape-canary.sock"}) {
        const int one = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        std::strncpy(where.sun_path, path, sizeof where.sun_path - 1);
        if (::connect(one, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0) achieved("connect to %s", path);
        ::close(one);
    }
}

}  // namespace hotcell::attacks
