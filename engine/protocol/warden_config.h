// What the warden is told once, at its start, by the process that spawned it and before that process has read a byte
// from outside: a sealed memfd with this struct. Requests refer to its entries by index, so a front that has been
// taken over cannot name a path.
#pragma once

#include <cstdint>

namespace hotcell::protocol {

inline constexpr std::uint32_t kWardenConfigVersion = 1;
inline constexpr std::uint32_t kMostBinds = 192;
inline constexpr std::uint32_t kMostRuntimes = 16;
inline constexpr std::uint32_t kMostArguments = 24;

struct Bind {  // a file, directory or device node of the host, shown read-only
    char source[160];
    char target[96];         // below the root, without a leading slash
    std::uint32_t link;      // 1: `source` is the text of a symbolic link to make at `target`
    std::uint32_t optional;  // 1: left out when the source does not exist
    std::uint32_t runtimes;  // bit n: part of the root tree of runtimes[n]
};

struct RuntimeRecipe {
    char name[32];
    std::uint32_t has_forker;
    std::uint32_t argument_count;
    std::uint32_t environment_count;
    std::uint32_t unused;
    char arguments[kMostArguments][96];    // of the forker; [0] is the absolute path inside the root
    char environment[kMostArguments][96];  // NAME=value
    std::uint64_t forker_memory_bytes;
};

struct WardenConfig {
    std::uint32_t version = kWardenConfigVersion;
    std::uint32_t bind_count;
    std::uint32_t runtime_count;
    std::uint32_t front_uid;  // owner of what the front must write
    std::uint32_t front_gid;
    std::uint32_t id_base;           // first host id for sandboxes, ≥ 100000
    std::uint32_t id_ranges;         // how many ranges of 65536 follow it
    std::uint32_t domain_ranges;     // of these, set aside for the slots of one domain
    std::uint32_t require_landlock;  // least ABI, 0: use what is there
    std::uint32_t unused;
    char instance[32];  // names control groups: [0-9a-z]{1,31}
    char run_dir[160];
    char store_dir[160];     // code store: what Attach names lies directly below
    char init_path[160];     // hotcell-init, copied into a sealed memfd at start
    Bind binds[kMostBinds];  // the root trees, entry by entry
    RuntimeRecipe runtimes[kMostRuntimes];
};

}  // namespace hotcell::protocol
