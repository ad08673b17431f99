// Services and functions as they are deployed, and one invocation: what is asked for and what comes back.
//
// Names, limits and messages are those of Function Compute 2.0. Times of day are milliseconds since 1970, UTC.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/run.h"
#include "hotcell/units.h"

namespace hotcell {

/// Where a service's functions send their logs. Both empty: nowhere, only the tail of a call is kept.
struct LogConfig {
    std::string project;
    std::string logstore;
    bool operator==(const LogConfig&) const = default;
};

/// What the functions of a service share.
struct Service {
    std::string name;  // 1..128 of [A-Za-z0-9_-], not beginning with a digit or '-'
    std::string description;
    std::string role;
    LogConfig log;
    bool internet_access = true;

    // given by the engine
    std::string id;
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::string etag;  // changes with every update
};

/// Fields of a service to change; what is unset stays.
struct ServiceChange {
    std::optional<std::string> description;
    std::optional<std::string> role;
    std::optional<LogConfig> log;
    std::optional<bool> internet_access;
};

struct Function {
    std::string service;
    std::string name;  // 1..64, as a service's
    std::string description;
    std::string runtime;
    std::string handler;
    std::string initializer;                         // empty: none
    std::uint32_t timeout_s = 3;                     // 1..86400
    std::uint32_t initialization_timeout_s = 3;      // 1..300
    std::uint32_t memory_mib = 128;                  // 128..32768, a multiple of 64
    std::map<std::string, std::string> environment;  // at most 4 KiB in all

    // given by the engine
    std::string id;
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::string etag;
    std::string code_name;            // sha256 that names the unpacked code in the store
    std::uint64_t code_size = 0;      // of the package, bytes
    std::uint64_t code_checksum = 0;  // CRC-64 (ECMA-182) of the package; given to create_function, it must be right
};

/// Fields of a function to change; what is unset stays.
struct FunctionChange {
    std::optional<std::string> description;
    std::optional<std::string> runtime;
    std::optional<std::string> handler;
    std::optional<std::string> initializer;
    std::optional<std::uint32_t> timeout_s;
    std::optional<std::uint32_t> initialization_timeout_s;
    std::optional<std::uint32_t> memory_mib;
    std::optional<std::map<std::string, std::string>> environment;
    std::optional<std::string> zip;             // the package, a zip file's bytes
    std::optional<std::uint64_t> zip_checksum;  // must be right, when given
};

/// One page of a list sorted by name.
struct PageRequest {
    std::string prefix;
    std::string start_key;     // the first name that may be listed
    std::string next_token;    // of the page before; goes before start_key
    std::uint32_t limit = 20;  // 1..100
};
template <class Item>
struct Page {
    std::vector<Item> items;
    std::string next_token;  // empty: this was the last page
};

struct InvokeRequest {
    std::string service;
    std::string qualifier;  // empty: LATEST
    std::string function;
    std::string event;       // at most 6 MiB
    std::string request_id;  // empty: the engine gives a UUID
    bool log_tail = false;
};

/// Whose failure a call was, as FC's X-Fc-Error-Type says it.
enum class InvokeOutcome : std::uint8_t {
    Succeeded,
    HandledError,         // the code reported the error itself
    UnhandledError,       // exception, timeout, out of memory, exit
    InitializationError,  // the initializer failed or timed out
};

/// Why an environment ended with the call, in the words of FC's metrics. None: it lives on, or the code failed by itself.
enum class EnvironmentEnd : std::uint8_t { None, TimedOut, OutOfMemory, Exited };

struct InvokeReport {
    std::string request_id;
    InvokeOutcome outcome = InvokeOutcome::Succeeded;
    EnvironmentEnd end = EnvironmentEnd::None;
    std::string payload;   // the result, or the error document
    std::string log_tail;  // the last 4 KiB of this call's log, when asked for
    std::string version;   // "LATEST"
    std::string instance_id;
    std::uint64_t code_checksum = 0;
    std::string start;          // "warm", "prepared", "zygote" or "exec"
    bool cold = false;          // an environment was started for this call
    Nanos handler{};            // time of the code
    Bytes peak_memory;          // of the environment so far
    std::vector<Phase> phases;  // queue admission sandbox code runtime init handler respond
    Nanos total{};
};

/// One environment as it stands.
struct Instance {
    std::string id;
    std::string service;
    std::string function;
    std::string version;
    std::string state;  // "starting", "busy", "idle", "frozen"
    std::string start;
    std::int64_t created_ms = 0;
    std::uint64_t calls = 0;
    Bytes memory;
};

std::string_view name_of(
    InvokeOutcome outcome);  // "" "HandledInvocationError" "UnhandledInvocationError" "InitializationError"
std::string_view name_of(EnvironmentEnd end);  // "" "FunctionTimeoutError" "FunctionOOMError" "FunctionUnhandledError"

}  // namespace hotcell
