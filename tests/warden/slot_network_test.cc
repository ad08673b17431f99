// TCP sockets of a slot's network namespace, as the builder hands them out: they reach that slot and nothing else.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/support/warden_process.h"

namespace hotcell::test {
namespace {

using linux::UniqueFd;
using protocol::FdRole;

constexpr std::uint16_t kPort = 9001;

sockaddr_in address(std::uint32_t host, std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(host);
    at.sin_port = htons(port);
    return at;
}

/// 0: connected; otherwise errno.
int connect_to(int socket, std::uint32_t host, std::uint16_t port) {
    const sockaddr_in at = address(host, port);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    pollfd entry{socket, POLLOUT, 0};
    if (::poll(&entry, 1, 5000) != 1) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

class SlotNetworkTest : public ::testing::Test {
protected:
    WardenProcess warden{WardenOptions{}};
    BuiltSandbox domain = warden.build_domain(1);
};

TEST_F(SlotNetworkTest, AConnectionReachesTheSlotItIsOfAndNoOther) {
    const auto slot = warden.build_slot(domain, true, 64 << 20, 2, kPort);
    ASSERT_TRUE(slot.ok()) << slot.reply.failure.step << " " << slot.reply.failure.sys;
    ASSERT_EQ(slot.connections.size(), 2u);
    ASSERT_GE(slot.fd(FdRole::Listener), 0);
    EXPECT_EQ(connect_to(slot.connections[0].get(), INADDR_LOOPBACK, kPort), 0);
    const UniqueFd accepted(::accept4(slot.fd(FdRole::Listener), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(accepted);
    ASSERT_EQ(::send(slot.connections[0].get(), "x", 1, MSG_NOSIGNAL), 1);
    char byte = 0;
    EXPECT_EQ(::recv(accepted.get(), &byte, 1, 0), 1);
    const auto other = warden.build_slot(domain, true, 64 << 20, 1);
    ASSERT_TRUE(other.ok());
    EXPECT_EQ(connect_to(other.connections[0].get(), INADDR_LOOPBACK, kPort), ECONNREFUSED);
    EXPECT_TRUE(warden.destroy_slot(other));
    EXPECT_TRUE(warden.destroy_slot(slot));
}

TEST_F(SlotNetworkTest, AConnectionReachesNothingOfTheHost) {
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at = address(INADDR_ANY, 0);
    socklen_t size = sizeof at;
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    const auto slot = warden.build_slot(domain, true, 64 << 20, 2);
    ASSERT_TRUE(slot.ok());
    EXPECT_EQ(connect_to(slot.connections[0].get(), INADDR_LOOPBACK, ntohs(at.sin_port)), ECONNREFUSED);
    EXPECT_EQ(connect_to(slot.connections[1].get(), 0x0a000001, 80), ENETUNREACH);
    EXPECT_TRUE(warden.destroy_slot(slot));
}

void disconnect(int socket) {
    sockaddr none{};
    none.sa_family = AF_UNSPEC;
    EXPECT_EQ(::connect(socket, &none, sizeof none), 0);
}

TEST_F(SlotNetworkTest, OneSocketConnectsAgainAfterARefusalAndAfterADisconnect) {
    const auto slot = warden.build_slot(domain, true, 64 << 20, 1, kPort);
    ASSERT_TRUE(slot.ok());
    const int socket = slot.connections[0].get();
    EXPECT_EQ(connect_to(socket, INADDR_LOOPBACK, 4711), ECONNREFUSED);
    disconnect(socket);
    for (int round = 0; round < 3; ++round) {
        ASSERT_EQ(connect_to(socket, INADDR_LOOPBACK, kPort), 0) << round;
        const UniqueFd accepted(::accept4(slot.fd(FdRole::Listener), nullptr, nullptr, SOCK_CLOEXEC));
        ASSERT_TRUE(accepted);
        ASSERT_EQ(::send(accepted.get(), "old", 3, MSG_NOSIGNAL), 3);
        disconnect(socket);
        char bytes[8];
        EXPECT_LT(::recv(socket, bytes, sizeof bytes, MSG_DONTWAIT), 0) << "what was sent before is gone";
    }
    EXPECT_TRUE(warden.destroy_slot(slot));
}

TEST_F(SlotNetworkTest, MoreConnectionsAreOpenedLater) {
    const auto slot = warden.build_slot(domain, true, 64 << 20, 1, kPort);
    ASSERT_TRUE(slot.ok());
    int sys = 0;
    const auto more = warden.open_connections(slot.id, protocol::kMostOpenedConnections, sys);
    ASSERT_EQ(more.size(), protocol::kMostOpenedConnections) << sys;
    for (const UniqueFd& one : more) EXPECT_EQ(connect_to(one.get(), INADDR_LOOPBACK, kPort), 0);
    EXPECT_TRUE(warden.destroy_slot(slot));
}

TEST_F(SlotNetworkTest, ConnectionsOfNoSlotOrTooManyAreRefused) {
    const auto slot = warden.build_slot(domain, true, 64 << 20, 1);
    ASSERT_TRUE(slot.ok());
    int sys = 0;
    EXPECT_TRUE(warden.open_connections(4711, 1, sys).empty());
    EXPECT_EQ(sys, ESRCH);
    EXPECT_TRUE(warden.open_connections(slot.id, 0, sys).empty());
    EXPECT_EQ(sys, EINVAL);
    EXPECT_TRUE(warden.open_connections(slot.id, protocol::kMostOpenedConnections + 1, sys).empty());
    EXPECT_EQ(sys, EINVAL);
    EXPECT_FALSE(warden.build_slot(domain, true, 64 << 20, protocol::kMostBuiltConnections + 1).ok());
    EXPECT_TRUE(warden.destroy_slot(slot));
}

}  // namespace
}  // namespace hotcell::test
