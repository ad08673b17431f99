// Running one ad-hoc program in a sandbox: what is asked for and what comes back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/units.h"

namespace hotcell {

/// How a program's process came to be. `Automatic` takes the fastest rung the runtime offers. `Prepared` is for functions:
/// the runtime was booted ahead, in a slot of the pool.
enum class StartKind : std::uint8_t { Automatic, Exec, Zygote, Prepared };
/// Whether the sandbox was taken from the pool or built for this call. `Any` prefers the pool.
enum class SlotKind : std::uint8_t { Any, Pooled, Fresh };

struct RunLimits {
    Bytes memory = mebibytes(128);  // 4 MiB..3 GiB; everything the program uses counts, /tmp too
    Bytes tmp = mebibytes(64);      // size of /tmp, at most the engine's EngineOptions::tmp_size
    std::uint32_t processes = 64;   // threads and processes, 1..1024
    Millis timeout{3000};           // wall time of the program, 1 ms..600 s
    Bytes output = mebibytes(6);    // of stdout; the rest is dropped and `output_truncated` says so
    Bytes log = mebibytes(1);       // of stderr, likewise
};

struct RunRequest {
    std::string runtime = "custom";  // "custom": the program is an executable file; "python3": a script
    std::string program;             // its bytes
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;
    std::string event;  // what it reads on standard input
    StartKind start = StartKind::Automatic;
    SlotKind slot = SlotKind::Any;
    RunLimits limits;
};

enum class RunOutcome : std::uint8_t {
    Exited,       // `code` is the exit status
    Signalled,    // `code` is the signal
    TimedOut,     // killed at `limits.timeout`
    OutOfMemory,  // killed because the sandbox reached `limits.memory`
};

/// One named stretch of a call, on one monotonic clock. Phases follow each other without a gap; a phase's parts
/// ("sandbox.mount-proc") lie inside it.
struct Phase {
    std::string name;
    Nanos duration{};
};

struct RunReport {
    std::string request_id;  // UUID
    StartKind start = StartKind::Exec;
    SlotKind slot = SlotKind::Fresh;
    RunOutcome outcome = RunOutcome::Exited;
    int code = 0;
    std::string output;  // stdout
    std::string log;     // stderr
    bool output_truncated = false;
    bool log_truncated = false;
    Bytes peak_memory;          // of the whole sandbox, by its control group
    Micros cpu{};               // user + system time of the program's first process
    std::vector<Phase> phases;  // queue admission sandbox code runtime handler respond, and their parts
    Nanos total{};              // request accepted → report complete
};

std::string_view name_of(StartKind kind);   // "exec" …
std::string_view name_of(SlotKind kind);    // "pooled" …
std::string_view name_of(RunOutcome kind);  // "exited" "signalled" "timed-out" "out-of-memory"

}  // namespace hotcell
