#include "engine/environment/runtime_api/runtime_api_environment.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "engine/base/result.h"
#include "engine/environment/http/start_errors.h"
#include "engine/linux/process/wait_status.h"
#include "engine/linux/sockets/loopback.h"

namespace hotcell::environment {

namespace {

constexpr std::uint64_t kBeyondTheResult = 100;  // bytes that a response may have more than a result
constexpr std::size_t kSpareConnections = 8;     // beside one for each call
constexpr std::size_t kOwnConnections = 2;       // of these, not of the budget that all environments share
constexpr std::uint32_t kMostTalk = 1000;        // the engine has one thread: nobody may keep it busy with nothing
constexpr std::string_view kJson = "Content-Type: application/json\r\n";
constexpr std::string_view kTaken = "{\"status\":\"OK\"}\n";

void refuse(ApiConnection& connection, unsigned status, std::string_view message, std::string_view type) {
    connection.reply(status, kJson, error_document(message, type));
}

/// "exit status 1", "signal: killed", as Go says it.
std::string end_text(Answer::Kind kind, int status) {
    if (kind == Answer::Kind::OutOfMemory) return "signal: killed";
    const linux::WaitStatus end = linux::read_wait_status(status);
    if (end.signal == 0) return "exit status " + std::to_string(end.code);
    const char* name = ::sigdescr_np(end.signal);
    std::string text = name == nullptr ? std::to_string(end.signal) : name;
    if (text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return "signal: " + text;
}

std::string lowered_error(int sys) {
    std::string text = ::strerror(sys);
    if (text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

}  // namespace

RuntimeApiEnvironment::RuntimeApiEnvironment(Reactor& reactor, WardenClient& warden, ConnectionBudget& budget,
                                             std::unique_ptr<Slot> slot, EnvironmentSetup setup, ApiSetup api)
    : Environment(reactor, warden, std::move(slot), std::move(setup)), budget_(budget), api_(std::move(api)) {}

// ---- the start ------------------------------------------------------------------------------------------------------------

void RuntimeApiEnvironment::bring_up() {
    pid_ = slot_->child_pid();
    linux::UniqueFd listener = slot_->take(protocol::FdRole::Listener);
    if (!listener) return fail_start(Error{ErrorKind::Broken, 0, "the sandbox came without its runtime API", {}});
    listener_ = std::make_unique<Watch>(reactor_, std::move(listener));
    listener_->when_readable([this] { accept(); });
}

void RuntimeApiEnvironment::code_attached() {
    auto frame = encode_run(slot_->id(), api_.command, api_.environment);
    if (!frame) return fail_start(std::move(frame).error());
    slot_->send(std::move(*frame));
}

void RuntimeApiEnvironment::on_channel_end() {
    if (!alive_ || !is_starting() || std::exchange(launched_, true)) return;
    allow_start(api_.patience, [this] {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(api_.patience).count();
        fail_start(Error{ErrorKind::Broken, 0,
                         "the program '" + command_line() + "' did not ask for a call in " + std::to_string(seconds) +
                             " seconds. Logs:" + last_output(),
                         "GET http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next",
                         "FunctionNotStarted"});
    });
}

void RuntimeApiEnvironment::on_failed(const hc_failed& failed) {
    if (!is_starting()) return;
    if (!api_.speaks_lambda) return fail_start(exec_error({command_line(), false, {}}, failed.sys));
    not_ready("Runtime failed to start: fork/exec " + api_.command[0] + ": " + lowered_error(failed.sys),
              "Runtime.InvalidEntrypoint");
}

void RuntimeApiEnvironment::on_exit(const protocol::ExitReport& report) {
    if (report.pid != pid_ || failed_) return;
    if (!is_starting() || !api_.speaks_lambda || slot_->oom_kills() > 0) return Environment::on_exit(report);
    not_ready("Runtime exited with error: " + end_text(Answer::Kind::Exited, report.status), "Runtime.ExitError");
}

/// The call it was started for is told why: the start itself counts as one that went well.
void RuntimeApiEnvironment::not_ready(std::string message, std::string type) {
    failed_ = true;
    failed_message_ = std::move(message);
    failed_type_ = std::move(type);
    // not from within the slot's own call
    reactor_.post([self = weak_from_this(), this] {
        if (const auto one = self.lock(); one && is_starting()) started();
    });
}

Error RuntimeApiEnvironment::start_failure(Answer::Kind kind, int status) {
    const FailedStart start{command_line(), false, last_output()};
    return kind == Answer::Kind::OutOfMemory ? out_of_memory_error(start, setup_.memory) : exited_error(start, status);
}

std::string RuntimeApiEnvironment::command_line() const {
    std::string line;
    for (const std::string& argument : api_.command) line += argument + " ";
    return line;
}

std::string RuntimeApiEnvironment::last_words(std::uint64_t number, Answer::Kind kind, int status) {
    if (!api_.speaks_lambda) return {};
    const auto found = calls_.find(number);
    if (found == calls_.end()) return {};
    const ApiCall& call = found->second.call;
    if (kind == Answer::Kind::TimedOut) {
        char text[64];
        std::snprintf(text, sizeof text, " Task timed out after %.2f seconds", static_cast<double>(call.timeout_s));
        return error_document(call.request_id + text, "Sandbox.Timeout");
    }
    if (kind != Answer::Kind::Exited && kind != Answer::Kind::OutOfMemory) return {};
    return error_document(
        "RequestId: " + call.request_id + " Error: Runtime exited with error: " + end_text(kind, status),
        "Runtime.ExitError");
}

// ---- its connections ------------------------------------------------------------------------------------------------------

void RuntimeApiEnvironment::accept() {
    while (linux::UniqueFd socket = linux::accept_waiting(listener_->fd())) {
        // one too many is closed: it is the program's own affair
        count_talk();
        if (!alive_) return;
        if (connections_.size() >= setup_.concurrency + kSpareConnections) continue;
        if (connections_.size() >= kOwnConnections && budget_.take(1) == 0) continue;
        connections_.push_back(std::make_unique<ApiConnection>(
            reactor_, std::move(socket), setup_.most_result.count + kBeyondTheResult,
            ApiConnection::Hooks{
                [this](ApiConnection& connection, HttpMessage request) { asked(connection, std::move(request)); },
                [this](ApiConnection& connection, HttpMessage request) { too_long(connection, request); },
                [this](ApiConnection& connection) { drop(connection); }}));
    }
    listener_->when_readable([this] { accept(); });
}

void RuntimeApiEnvironment::drop(ApiConnection& connection) {
    std::erase_if(parked_, [&](const Parked& one) { return one.connection == &connection; });
    const std::uint32_t before = extra_connections();
    std::erase_if(connections_, [&](const auto& one) { return one.get() == &connection; });
    budget_.give_back(before - extra_connections());
}

std::uint32_t RuntimeApiEnvironment::extra_connections() const {
    return static_cast<std::uint32_t>(connections_.size() - std::min(connections_.size(), kOwnConnections));
}

void RuntimeApiEnvironment::count_talk() {
    if (++talk_ <= kMostTalk || !alive_) return;
    if (is_starting())
        return fail_start(Error{ErrorKind::Broken, 0, "the program talks and talks, and asks for no call", {}});
    die(Answer::Kind::Broken);
}

void RuntimeApiEnvironment::let_go() {
    listener_.reset();
    parked_.clear();
    budget_.give_back(extra_connections());
    connections_.clear();
    calls_.clear();
    queue_.clear();
}

// ---- what it asks ---------------------------------------------------------------------------------------------------------

void RuntimeApiEnvironment::asked(ApiConnection& connection, HttpMessage request) {
    const auto self = shared_from_this();
    count_talk();
    if (!alive_) return;
    const std::string target = request.target.substr(0, request.target.find('?'));
    const Dialect* dialect = dialect_of(target);
    const std::string_view path =
        dialect == nullptr ? std::string_view() : std::string_view(target).substr(dialect->base.size());
    const bool is_post = request.method == "POST";
    if (path == "invocation/next" && request.method == "GET") return next(connection, *dialect);
    if (path == "init/error" && is_post) return initialization_failed(connection, *dialect, std::move(request.body));
    if (path.starts_with("invocation/") && is_post)
        return answered(connection, *dialect, path.substr(std::strlen("invocation/")), std::move(request));
    if (target == "/ping" || target == "/2018-06-01/ping") return connection.reply(200, {}, "pong");
    refuse(connection, 404, "there is no " + request.method + " " + target, "InvalidPath");
}

void RuntimeApiEnvironment::next(ApiConnection& connection, const Dialect& dialect) {
    if (failed_) return refuse(connection, 403, "the initialization has failed", "InvalidStateTransition");
    dialect_ = &dialect;
    parked_.push_back({&connection, &dialect});
    if (is_starting()) return started();
    hand_out();
}

void RuntimeApiEnvironment::hand_out() {
    while (!queue_.empty() && !parked_.empty()) {
        const auto found = calls_.find(queue_.front());
        queue_.pop_front();
        if (found == calls_.end()) continue;
        const Parked to = parked_.front();
        parked_.erase(parked_.begin());
        found->second.is_out = true;
        const std::string event = std::exchange(found->second.call.event, {});
        to.connection->reply(200, to.dialect->headers(api_.identity, found->second.call), event);
    }
}

void RuntimeApiEnvironment::initialization_failed(ApiConnection& connection, const Dialect& dialect,
                                                  std::string document) {
    if (!is_starting() || failed_)
        return refuse(connection, 403, "State transition is not allowed: the initialization is over",
                      "InvalidStateTransition");
    connection.reply(dialect.accepted, kJson, kTaken);
    failed_document_ = std::move(document);
    not_ready("the runtime could not be initialized", "Runtime.Unknown");
}

RuntimeApiEnvironment::Calls::iterator RuntimeApiEnvironment::find_out(std::string_view request_id) {
    return std::ranges::find_if(
        calls_, [&](const auto& one) { return one.second.is_out && one.second.call.request_id == request_id; });
}

void RuntimeApiEnvironment::answered(ApiConnection& connection, const Dialect& dialect, std::string_view what,
                                     HttpMessage request) {
    const auto slash = what.find('/');
    const std::string_view verb = slash == std::string_view::npos ? std::string_view() : what.substr(slash + 1);
    if (verb != "response" && verb != "error")
        return refuse(connection, 404, "there is no POST invocation/" + std::string(what), "InvalidPath");
    const auto found = find_out(what.substr(0, slash));
    if (found == calls_.end()) return refuse(connection, 400, "Invalid request ID", "InvalidRequestID");
    const std::uint64_t number = found->first;
    const std::uint32_t kind = found->second.call.kind;
    calls_.erase(found);
    talk_ = 0;
    connection.reply(dialect.accepted, kJson, kTaken);
    Answer given;
    given.kind = verb == "response"            ? Answer::Kind::Result
                 : kind == HC_CALL_INITIALIZER ? Answer::Kind::Error
                                               : Answer::Kind::HandledError;
    if (kind == HC_CALL_HTTP && verb == "response") {
        const std::string_view params = request.header("x-fc-http-params");
        given.http = params.empty() ? HttpAnswer{} : http_answer_of(params);
        if (!given.http)
            return refuse_call(
                number, Answer::Kind::Error,
                error_document("x-fc-http-params of the response is not what it must be", "BadResponse"));
    }
    given.payload = std::move(request.body);
    if (given.payload.empty() && verb == "error")
        given.payload = error_document("the runtime reported an error without a word", "Runtime.Unknown");
    answer(number, std::move(given));
}

void RuntimeApiEnvironment::too_long(ApiConnection& connection, const HttpMessage& request) {
    const auto self = shared_from_this();
    const std::string message = "Exceeded maximum allowed payload size (" +
                                std::to_string(setup_.most_result.count + kBeyondTheResult) + " bytes).";
    refuse(connection, 413, message, "RequestEntityTooLarge");
    const Dialect* dialect = dialect_of(request.target);
    if (dialect == nullptr) return;
    const std::string_view path = std::string_view(request.target).substr(dialect->base.size());
    constexpr std::string_view kBefore = "invocation/";
    if (!path.starts_with(kBefore)) return;
    const auto found = find_out(path.substr(kBefore.size(), path.find('/', kBefore.size()) - kBefore.size()));
    if (found == calls_.end()) return;
    const std::uint64_t number = found->first;
    calls_.erase(found);
    refuse_call(number, Answer::Kind::Error, error_document(message, "Function.ResponseSizeTooLarge"));
}

// ---- calls ----------------------------------------------------------------------------------------------------------------

void RuntimeApiEnvironment::refuse_call(std::uint64_t number, Answer::Kind kind, std::string document) {
    Answer refused;
    refused.kind = kind;
    refused.payload = std::move(document);
    answer(number, std::move(refused));
}

void RuntimeApiEnvironment::put(std::uint64_t number, const CallInput& input) {
    ApiCall call{.kind = input.kind,
                 .request_id = std::string(input.request_id),
                 .qualifier = std::string(input.qualifier),
                 .deadline_ms = input.deadline_ms,
                 .retry_count = input.retry_count,
                 .timeout_s = static_cast<std::uint32_t>(
                     std::chrono::duration_cast<std::chrono::seconds>(input.timeout).count()),
                 .http_params = input.http != nullptr ? http_params_of(*input.http) : std::string(),
                 .event = std::string(input.event)};
    const auto later = [&](Answer::Kind kind, std::string document) {
        reactor_.post([self = weak_from_this(), this, number, kind, document = std::move(document)] {
            if (const auto one = self.lock(); one && is_pending(number)) refuse_call(number, kind, document);
        });
    };
    if (failed_)
        return later(
            Answer::Kind::NotReady,
            !failed_document_.empty()
                ? failed_document_
                : error_document("RequestId: " + call.request_id + " Error: " + failed_message_, failed_type_));
    const bool is_call = call.kind == HC_CALL_HANDLER || call.kind == HC_CALL_HTTP;
    if (!is_call && !dialect_->has_hooks) return later(Answer::Kind::Result, {});
    if (call.kind == HC_CALL_HTTP && dialect_ == &kLambda)
        return later(Answer::Kind::Error,
                     error_document("this runtime takes events, and no HTTP calls", "BadResponse"));
    calls_.emplace(number, Given{std::move(call), false});
    queue_.push_back(number);
    hand_out();
}

void RuntimeApiEnvironment::forget(std::uint64_t number) {
    calls_.erase(number);
    std::erase(queue_, number);
}

}  // namespace hotcell::environment
