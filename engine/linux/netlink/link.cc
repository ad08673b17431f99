#include "engine/linux/netlink/link.h"

#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include <cerrno>
#include <memory>

namespace hotcell::linux {

namespace {

int errno_of(int netlink_error) {
    switch (-netlink_error) {
        case NLE_PERM: return EPERM;
        case NLE_NODEV: return ENODEV;
        case NLE_NOMEM: return ENOMEM;
        default: return EIO;
    }
}

}  // namespace

Result<> set_link_up(const std::string& name) {
    const std::unique_ptr<nl_sock, decltype(&nl_socket_free)> socket(nl_socket_alloc(), &nl_socket_free);
    if (!socket) return fail_errno(ENOMEM, "make a netlink socket");
    if (const int error = nl_connect(socket.get(), NETLINK_ROUTE); error < 0)
        return fail_errno(errno_of(error), "connect to rtnetlink");
    // by number: with a name alone the kernel would have to be asked for the link first
    const unsigned index = ::if_nametoindex(name.c_str());
    if (index == 0) return fail_errno(errno, "find link " + name);
    const std::unique_ptr<rtnl_link, decltype(&rtnl_link_put)> link(rtnl_link_alloc(), &rtnl_link_put);
    const std::unique_ptr<rtnl_link, decltype(&rtnl_link_put)> change(rtnl_link_alloc(), &rtnl_link_put);
    if (!link || !change) return fail_errno(ENOMEM, "describe a link");
    rtnl_link_set_ifindex(link.get(), static_cast<int>(index));
    rtnl_link_set_flags(change.get(), IFF_UP);
    if (const int error = rtnl_link_change(socket.get(), link.get(), change.get(), 0); error < 0)
        return fail_errno(errno_of(error), "set link " + name + " up: " + nl_geterror(error));
    return {};
}

}  // namespace hotcell::linux
