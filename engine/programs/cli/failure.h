// How a command of `hotcell` says that it did not succeed: four parts for people, one object for programs, one status.
#pragma once

#include <expected>
#include <string>

namespace hotcell::cli {

/// Exit statuses. A command that runs a program passes the program's own status through and uses those from 124 up.
enum ExitStatus : int {
    kSuccess = 0,
    kCheckFailed = 1,     // doctor: something the engine needs is missing
    kFunctionFailed = 1,  // invoke: the function returned or raised an error
    kUsage = 2,
    kRefused = 3,  // the values asked for are out of rule
    kNotFound = 4,
    kConflict = 5,
    kThrottled = 6,
    kUnreachable = 7,  // no daemon
    kDenied = 8,
    kEngineFailed = 9,
    kTimedOut = 124,
    kRunFailed = 125,  // run: the program was never started
    kRunCannotRead = 126,
    kRunNoFile = 127,
};

struct Failure {
    int exit_status = kEngineFailed;
    std::string code;  // as the API's "Code"
    std::string message;
    std::string hint{};
    std::string request_id{};
};

template <class T>
using Outcome = std::expected<T, Failure>;

/// What to print on standard error: "error: …", "hint: …", "request: …", or one line of JSON.
std::string text_of(const Failure& failure, bool as_json);

/// What a document of the API's error shape says. `body` may be anything.
Failure failure_of_answer(long http_status, const std::string& body);

}  // namespace hotcell::cli
