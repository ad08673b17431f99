// One asynchronous call while the queue has it, and the states it goes through.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/dispatch/async/retry_policy.h"
#include "hotcell/catalog.h"

namespace hotcell::dispatch::async {

/// Their numbers are on the disk.
enum class Status : std::uint8_t {
    Enqueued = 0,
    Dequeued = 1,
    Running = 2,
    Stopping = 3,  // runs, and is being ended
    Retrying = 4,  // waits for the next attempt
    Succeeded = 5,
    Failed = 6,
    Stopped = 7,
    Expired = 8,
};
std::string_view name_of(Status status);
/// Nothing when there is no such status, or none that the queue gives ("Invalid").
bool read_status(std::string_view name, Status& status);

struct Call {
    std::int64_t number = 0;  // given by the store
    std::int64_t lane = 0;    // the function's id in the store
    FunctionReference of;
    std::string invocation_id;
    std::string request_id;
    bool stateful = false;
    std::uint32_t hops = 0;
    std::int64_t accepted_ms = 0;
    std::int64_t due_ms = 0;
    std::uint32_t attempts = 0;  // begun
    Tries tries;
    std::string event;
    std::string http{};  // http_call.h; empty: not of an HTTP function

    std::size_t bytes() const { return event.size() + http.size(); }
};

/// How an attempt or a call has ended, for its record and its destination.
struct Outcome {
    Ending ending = Ending::Succeeded;
    std::uint32_t status_code = 200;
    std::string function_error;  // as X-Fc-Error-Type
    std::string condition;       // an error's code, where the function was not to blame alone
    std::string message;         // of the error
    std::string payload;         // the result, or the function's error document
    std::string instance_id;
};

}  // namespace hotcell::dispatch::async
