// Calls of one kind after the other, in turns, by a client that keeps its connections: what a round trip takes each, in one run.
//
//   bench_turns ROUNDS EVENT {NAME SOCKET TARGET}…
//
// Each NAME is asked to answer a POST of the event to TARGET with the event itself. Two names after each other are a pair: the
// second's ratio is to the first. Who serves is not of interest here: bench/languages/run starts them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/invoke/keep_alive_client.h"

namespace hotcell::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kBlock =
    50;  // calls of one kind before the next one's turn: each is warm, all share what else the machine does

struct Server {
    std::string name;
    std::string target;
    std::unique_ptr<KeepAliveClient> client;
    std::vector<double> micros{};

    double quantile(double share) const {
        return micros[std::min(micros.size() - 1,
                               static_cast<std::size_t>(share * static_cast<double>(micros.size())))];
    }
};

void ask(Server& server, const std::string& event) {
    const Reply reply = server.client->ask("POST", server.target, event);
    if (reply.status != 200 || reply.body != event)
        throw std::runtime_error(server.name + ": unexpected answer: " + reply.head + "\n" + reply.body);
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

void print(std::vector<Server>& servers) {
    for (Server& server : servers) std::sort(server.micros.begin(), server.micros.end());
    std::printf("%-36s %10s %10s %10s %8s\n", "", "p50 us", "p90 us", "p99 us", "ratio");
    for (std::size_t i = 0; i < servers.size(); ++i)
        std::printf("%-36s %10.1f %10.1f %10.1f %8.2f\n", servers[i].name.c_str(), servers[i].quantile(0.5),
                    servers[i].quantile(0.9), servers[i].quantile(0.99),
                    servers[i].quantile(0.5) / servers[i - i % 2].quantile(0.5));
}

int run(int argc, char** argv) {
    if (argc < 6 || argc % 3 != 0) {
        std::fprintf(stderr, "usage: bench_turns ROUNDS EVENT {NAME SOCKET TARGET}...\n");
        return 2;
    }
    try {
        std::vector<Server> servers;
        for (int i = 3; i < argc; i += 3)
            servers.push_back({argv[i], argv[i + 2], std::make_unique<KeepAliveClient>(std::string(argv[i + 1]))});
        measure(servers, std::max(kBlock, std::atoi(argv[1])), argv[2]);
        print(servers);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_turns: %s\n", error.what());
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace hotcell::bench

int main(int argc, char** argv) { return hotcell::bench::run(argc, argv); }
