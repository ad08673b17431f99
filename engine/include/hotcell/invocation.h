// One invocation: what is asked for and what comes back; the environments that serve them; asynchronous ones as records.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/run.h"
#include "hotcell/units.h"

namespace hotcell {

using HttpHeaders = std::map<std::string, std::vector<std::string>>;  // names in lower case

/// What an HTTP function is called with beside its body, which is the event.
struct HttpCall {
    std::string method;
    std::string path;         // after the function's own, begins with '/'
    std::string request_uri;  // as the client sent it, with the query
    std::string base_path;    // "/2016-08-15/proxy/{service}/{function}/"
    std::string host;
    std::string client_ip;
    std::string upgrade{};  // the protocol that the client asks to go over to: "websocket"; empty: none. Needs a stream
    std::map<std::string, std::vector<std::string>> queries;
    HttpHeaders headers;
};
struct HttpAnswer {
    unsigned status = 200;
    HttpHeaders headers;
};

class HttpStream;  // http_stream.h

struct InvokeRequest {
    std::string service;
    std::string qualifier;  // empty: LATEST; a version's id, or an alias
    std::string function;
    std::string event;       // at most 6 MiB
    std::string request_id;  // empty: the engine gives a UUID
    std::uint32_t retry_count = 0;
    bool log_tail = false;
    std::optional<HttpCall> http{};        // the function is called as an HTTP function
    std::shared_ptr<HttpStream> stream{};  // takes an HTTP answer that comes in pieces; unset: it is waited for
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
    bool streamed = false;           // the answer went to the call's stream; unless it failed `payload` is empty
    std::string payload;             // the result, or the error document
    std::optional<HttpAnswer> http;  // of an HTTP call that succeeded; its body is the payload
    std::string log_tail;            // the last 4 KiB of this call's log, when asked for
    std::string qualifier;           // as the caller asked
    std::string version;             // "LATEST" or "3": what it resolved to
    std::string instance_id;
    std::uint64_t code_checksum = 0;
    std::string start;          // "warm", "template", "prepared", "zygote" or "exec"
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

/// What a provision configuration wants now, and what stands.
struct ProvisionState {
    std::uint32_t target = 0;   // with its schedule and the demand
    std::uint32_t current = 0;  // environments that are ready or serve a call, at most the target
    std::string error;          // why there are fewer; empty while they are being started
};

// ---- asynchronous calls -----------------------------------------------------------------------------------------------

struct AsyncRequest {
    InvokeRequest call;         // an event of at most 128 KiB; neither log_tail nor stream
    std::string invocation_id;  // the caller's name of it; empty: the request's id
    std::uint32_t delay_s = 0;  // 0..3600
    bool stateful = false;      // kept as a record, whether or not the function's configuration says so
};
/// On the disk: it will be called, whatever becomes of the engine.
struct AsyncAccepted {
    std::string request_id;
    std::string invocation_id;
};

/// A stateful asynchronous invocation as it stands.
struct AsyncRecord {
    std::string invocation_id;
    std::string request_id;
    std::string service;
    std::string qualifier;
    std::string function;
    std::string status;  // Enqueued Dequeued Running Succeeded Failed Stopped Stopping Expired Invalid Retrying
    std::int64_t started_ms = 0;
    std::int64_t ended_ms = 0;  // 0: not yet
    std::uint32_t retries = 0;
    std::string instance_id;
    std::string error_message;
    std::string destination_status;
    std::string payload;  // the event
    std::string result;
    struct Event {
        std::uint64_t id = 0;
        std::string status;
        std::int64_t at_ms = 0;
        std::string detail;
    };
    std::vector<Event> events;
};

struct AsyncListRequest {
    std::string status;  // empty: any
    std::int64_t started_from_ms = 0;
    std::int64_t started_to_ms = 0;  // 0: no end
    bool ascending = false;          // by time
    std::string id_prefix;
    bool with_payload = false;
    std::uint32_t limit = 20;
    std::string next_token;
};

std::string_view name_of(
    InvokeOutcome outcome);  // "" "HandledInvocationError" "UnhandledInvocationError" "InitializationError"
std::string_view name_of(EnvironmentEnd end);  // "" "FunctionTimeoutError" "FunctionOOMError" "FunctionUnhandledError"

}  // namespace hotcell
