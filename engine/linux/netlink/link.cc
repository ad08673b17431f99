#include "engine/linux/netlink/link.h"

#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

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
    rtnl_link* found = nullptr;
    if (const int error = rtnl_link_get_kernel(socket.get(), 0, name.c_str(), &found); error < 0)
        return fail_errno(errno_of(error), "find link " + name);
    const std::unique_ptr<rtnl_link, decltype(&rtnl_link_put)> link(found, &rtnl_link_put);
    const std::unique_ptr<rtnl_link, decltype(&rtnl_link_put)> change(rtnl_link_alloc(), &rtnl_link_put);
    if (!change) return fail_errno(ENOMEM, "describe a link");
    rtnl_link_set_flags(change.get(), IFF_UP);
    if (const int error = rtnl_link_change(socket.get(), link.get(), change.get(), 0); error < 0)
        return fail_errno(errno_of(error), "set link " + name + " up: " + nl_geterror(error));
    return {};
}

}  // namespace hotcell::linux
