#include "engine/dispatch/async/outcome.h"

#include <boost/json.hpp>

namespace hotcell::dispatch::async {

namespace {

/// {"errorMessage": "…"} of a shim; anything else is the message itself.
std::string message_in(const std::string& document) {
    boost::system::error_code wrong;
    const boost::json::value value = boost::json::parse(document, wrong, {}, {.max_depth = 32});
    if (wrong || !value.is_object()) return document;
    const auto* message = value.as_object().if_contains("errorMessage");
    if (message == nullptr || !message->is_string()) return document;
    return std::string(message->as_string());
}

Outcome refused(Error error) {
    Outcome outcome;
    switch (error.kind) {
        case ErrorKind::Exhausted: outcome.ending = Ending::NoRoom, outcome.status_code = 429; break;
        case ErrorKind::NotFound: outcome.ending = Ending::Impossible, outcome.status_code = 404; break;
        case ErrorKind::InvalidArgument: outcome.ending = Ending::Impossible, outcome.status_code = 400; break;
        case ErrorKind::Conflict: outcome.ending = Ending::Impossible, outcome.status_code = 409; break;
        case ErrorKind::Kernel:
        case ErrorKind::TimedOut:
        case ErrorKind::Broken: outcome.ending = Ending::NoRoom, outcome.status_code = 500; break;
    }
    outcome.condition = error.code.empty() ? std::string(hotcell::name_of(error.kind)) : error.code;
    outcome.message = error.message();
    return outcome;
}

}  // namespace

Outcome outcome_of(Result<InvokeReport> result) {
    if (!result) return refused(std::move(result).error());
    InvokeReport& report = *result;
    Outcome outcome;
    outcome.instance_id = std::move(report.instance_id);
    outcome.payload = std::move(report.payload);
    if (report.outcome == InvokeOutcome::Succeeded) return outcome;
    outcome.ending = Ending::FunctionError;
    outcome.function_error = hotcell::name_of(report.outcome);
    outcome.condition = hotcell::name_of(report.end);
    outcome.message = message_in(outcome.payload);
    return outcome;
}

Outcome saying(std::string message) {
    Outcome outcome;
    outcome.message = std::move(message);
    return outcome;
}

Outcome expired(std::uint32_t most_age_s) {
    Outcome outcome;
    outcome.ending = Ending::NoRoom;
    outcome.status_code = 500;
    outcome.condition = "AsyncEventExpired";
    outcome.message = "the event is older than maxAsyncEventAgeInSeconds (" + std::to_string(most_age_s) + ")";
    return outcome;
}

}  // namespace hotcell::dispatch::async
