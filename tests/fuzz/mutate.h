// Drives a fuzz target without libFuzzer: seeds are cut, joined and changed by a generator with a fixed start, so that
// every run of the tests tries the same inputs. With clang the targets link with -fsanitize=fuzzer as they are.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace hotcell {

template <class Target>
void mutate_and_try(std::vector<std::string> seeds, const std::vector<std::string>& words, unsigned rounds,
                    Target target) {
    std::mt19937 random(20240601);
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
    for (const auto& seed : seeds) target(reinterpret_cast<const std::uint8_t*>(seed.data()), seed.size());
    for (unsigned round = 0; round < rounds; ++round) {
        std::string input = seeds[below(seeds.size())];
        for (auto changes = 1 + below(6); changes > 0; --changes) {
            const auto at = below(input.size() + 1);
            switch (below(5)) {
                case 0: input.insert(at, words[below(words.size())]); break;
                case 1: input.erase(at, below(20)); break;
                case 2: input.insert(at, 1, static_cast<char>(random())); break;
                case 3:
                    if (at < input.size()) input[at] = static_cast<char>(random());
                    break;
                case 4: {
                    const std::string& other = seeds[below(seeds.size())];
                    input += other.substr(below(other.size()));
                    break;
                }
            }
        }
        target(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    }
}

}  // namespace hotcell
