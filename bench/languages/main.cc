// Calls of one kind after the other, in turns, by a client that keeps its connections: what a round trip takes each, in one run.
//
//   bench_turns ROUNDS EVENT GROUP {NAME SOCKET|127.0.0.1:PORT TARGET}…
//
// Each NAME is asked to answer a POST of the event to TARGET with the event itself. GROUP names after each other belong together:
// the last one's time is divided by each one's. Who ends a connection with its answer is connected to again, within the next
// call's time. Who serves is not of interest here: bench/languages/run starts them.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/invoke/keep_alive_client.h"

namespace hotcell::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kBlock =
    50;  // calls of one kind before the next one's turn: each is warm, all share what else the machine does

struct Server {
    std::string name;
    std::string where;
    std::string target;
    std::unique_ptr<KeepAliveClient> client{};
    int connections = 0;
    std::vector<double> micros{};

    double quantile(double share) const {
        return micros[std::min(micros.size() - 1,
                               static_cast<std::size_t>(share * static_cast<double>(micros.size())))];
    }
};

std::unique_ptr<KeepAliveClient> connect_to(const std::string& where) {
    constexpr std::string_view kLoopback = "127.0.0.1:";
    if (!where.starts_with(kLoopback)) return std::make_unique<KeepAliveClient>(where);
    return std::make_unique<KeepAliveClient>(static_cast<std::uint16_t>(std::stoul(where.substr(kLoopback.size()))));
}

void ask(Server& server, const std::string& event) {
    if (!server.client) {
        server.client = connect_to(server.where);
        ++server.connections;
    }
    const Reply reply = server.client->ask("POST", server.target, event);
    if (reply.status != 200 || reply.body != event)
        throw std::runtime_error(server.name + ": unexpected answer: " + reply.head + "\n" + reply.body);
    if (::strcasestr(reply.head.c_str(), "\r\nconnection: close\r\n") != nullptr) server.client.reset();
}

void measure(std::vector<Server>& servers, int rounds, const std::string& event) {
    for (int round = -2 * kBlock; round < rounds; round += kBlock) {
        for (Server& server : servers) {
            for (int i = 0; i < kBlock; ++i) {
                const auto before = Clock::now();
                ask(server, event);
                if (round >= 0)
                    server.micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
            }
        }
    }
}

void print(std::vector<Server>& servers, std::size_t group) {
    for (Server& server : servers) std::sort(server.micros.begin(), server.micros.end());
    std::printf("%-62s %9s %9s %9s %10s %12s\n", "", "p50 us", "p90 us", "p99 us", "last/this", "connections");
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const Server& last = servers[i - i % group + group - 1];
        std::printf("%-62s %9.1f %9.1f %9.1f %10.2f %12d\n", servers[i].name.c_str(), servers[i].quantile(0.5),
                    servers[i].quantile(0.9), servers[i].quantile(0.99), last.quantile(0.5) / servers[i].quantile(0.5),
                    servers[i].connections);
    }
}

int run(int argc, char** argv) {
    const auto group = argc > 3 ? static_cast<std::size_t>(std::max(0, std::atoi(argv[3]))) : 0;
    if (group == 0 || argc < 7 || (argc - 4) % 3 != 0 || static_cast<std::size_t>(argc - 4) / 3 % group != 0) {
        std::fprintf(stderr, "usage: bench_turns ROUNDS EVENT GROUP {NAME SOCKET|127.0.0.1:PORT TARGET}...\n");
        return 2;
    }
    try {
        std::vector<Server> servers;
        for (int i = 4; i < argc; i += 3) servers.push_back({argv[i], argv[i + 1], argv[i + 2]});
        measure(servers, std::max(kBlock, std::atoi(argv[1])), argv[2]);
        print(servers, group);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_turns: %s\n", error.what());
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace hotcell::bench

int main(int argc, char** argv) { return hotcell::bench::run(argc, argv); }
