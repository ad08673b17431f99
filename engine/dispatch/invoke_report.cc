#include "engine/dispatch/invoke_report.h"

#include <cmath>
#include <cstdio>

#include "engine/dispatch/new_environment.h"
#include "engine/environment/runtime/documents.h"
#include "engine/linux/process/wait_status.h"

namespace hotcell::dispatch {

using environment::Answer;

namespace {

constexpr std::size_t kTailBytes = 4096;

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

double milliseconds(Nanos time) { return static_cast<double>(time.count()) / 1e6; }
double mebibytes_of(Bytes bytes) { return static_cast<double>(bytes.count) / (1 << 20); }

std::string why(const Answer& answer) {
    const linux::WaitStatus status = linux::read_wait_status(answer.status);
    switch (answer.kind) {
        case Answer::Kind::OutOfMemory: return "out of memory, ";
        case Answer::Kind::Exited:
            return status.signal != 0 ? "killed by signal " + std::to_string(status.signal) + ", "
                                      : "exit code " + std::to_string(status.code) + ", ";
        default: return "its runtime closed the channel, ";
    }
}

std::string document_of(const Answer& answer, std::uint32_t timeout_s, EnvironmentEnd end) {
    if (answer.kind == Answer::Kind::Cancelled) return message_of(answer, timeout_s);
    return environment::error_document(message_of(answer, timeout_s), answer.kind == Answer::Kind::TooLarge
                                                                          ? std::string_view("ResponseSizeTooLarge")
                                                                          : name_of(end));
}

EnvironmentEnd end_of(Answer::Kind kind) {
    switch (kind) {
        case Answer::Kind::TimedOut: return EnvironmentEnd::TimedOut;
        case Answer::Kind::OutOfMemory: return EnvironmentEnd::OutOfMemory;
        case Answer::Kind::TooLarge:
        case Answer::Kind::Exited:
        case Answer::Kind::NotReady:
        case Answer::Kind::Broken: return EnvironmentEnd::Exited;
        default: return EnvironmentEnd::None;
    }
}

/// At most so many bytes, and no piece of a character in front.
std::string last_of(const std::string& text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t begin = text.size() - most;
    const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
    for (int i = 0; i < 3 && begin < text.size() && continues(begin); ++i) ++begin;
    return text.substr(begin);
}

std::string tail_of(const Answer& answer, const Function& function) {
    std::string tail = last_of(answer.log, kTailBytes);
    const double took = milliseconds(answer.took);
    tail += "\n\nDuration: " + number(took) + " ms, Billed Duration: " + std::to_string(std::llround(std::ceil(took))) +
            " ms, Memory Size: " + std::to_string(function.settings.memory_mib) +
            " MB, Max Memory Used: " + number(mebibytes_of(answer.peak_memory)) + " MB";
    return tail;
}

}  // namespace

std::string message_of(const Answer& answer, std::uint32_t timeout_s) {
    const std::string used = "maxMemoryUsage: " + number(mebibytes_of(answer.peak_memory)) + "MB)";
    const std::string took = "duration: " + std::to_string(std::llround(milliseconds(answer.took))) + "ms, ";
    switch (answer.kind) {
        case Answer::Kind::TimedOut:
            return "Function time out after " + std::to_string(timeout_s) + " seconds (" + used;
        case Answer::Kind::TooLarge:
            return "response size exceeds maximum allowed size (" + std::to_string(kMostResult.count) + " bytes)";
        case Answer::Kind::Cancelled: return "Invocation canceled by client (" + took + used;
        default: return "Process exited unexpectedly before completing request (" + why(answer) + took + used;
    }
}

Error cancelled_error(std::string words) { return {ErrorKind::Broken, 0, std::move(words), {}, "ClientClosedRequest"}; }

InvokeReport known_report(const FunctionCall& call, const Function& function) {
    InvokeReport report;
    report.request_id = call.request.request_id;
    report.qualifier = call.request.qualifier;
    report.version = call.version;
    report.code_checksum = function.code.checksum;
    return report;
}

InvokeReport make_report(const FunctionCall& call, const Function& function, Answer answer, bool initializer) {
    InvokeReport report = known_report(call, function);
    report.streamed = answer.streamed;
    report.handler = answer.took;
    report.peak_memory = answer.peak_memory;
    report.end = end_of(answer.kind);
    switch (answer.kind) {
        case Answer::Kind::Result: report.outcome = InvokeOutcome::Succeeded; break;
        case Answer::Kind::HandledError: report.outcome = InvokeOutcome::HandledError; break;
        default: report.outcome = InvokeOutcome::UnhandledError;
    }
    initializer = initializer || answer.kind == Answer::Kind::NotReady;
    report.http = std::move(answer.http);
    if (initializer) report.outcome = InvokeOutcome::InitializationError;
    // where calls run side by side the log is nobody's
    if (call.request.log_tail && function.settings.concurrency <= 1) report.log_tail = tail_of(answer, function);
    report.payload =
        answer.kind > Answer::Kind::Error && answer.payload.empty()
            ? document_of(answer,
                          initializer ? function.settings.initialization_timeout_s : function.settings.timeout_s,
                          report.end)
            : std::move(answer.payload);
    return report;
}

void add_parts(PhaseClock& phases, const std::vector<Phase>& parts) {
    for (const Phase& part : parts) {
        const std::size_t dot = part.name.find('.');
        phases.add_part(part.name.substr(0, dot).c_str(), part.name.substr(dot + 1), part.duration);
    }
}

}  // namespace hotcell::dispatch
