#include "engine/environment/http/http_environment.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/environment/http/start_errors.h"
#include "engine/environment/runtime/documents.h"
#include "hotcell/invocation.h"

namespace hotcell::environment {

namespace {

constexpr Nanos kFirstInterval = std::chrono::microseconds(250);  // between two looks at the port
constexpr Nanos kOften = std::chrono::milliseconds(50);           // for so long; then less and less often
constexpr Nanos kLastInterval = std::chrono::milliseconds(5);
// from a connection's end to the word of the process's: where the answer is missing, and where the end was its own
constexpr Nanos kWordPatience = std::chrono::milliseconds(120);
constexpr Nanos kWordAfterEnd = std::chrono::milliseconds(20);
constexpr Nanos kFresh = std::chrono::seconds(1);  // servers close what has been idle for a while: that is not risked
constexpr std::uint64_t kMostOfHealth = 64 << 10;  // bytes of the answer to a health check
constexpr std::size_t kMostOfBody = 1024;          // in an error's text
constexpr std::uint32_t kSpare = 2;                // connections beyond the calls: a repeated one, a health check
/// Where servers listen that were not told otherwise.
constexpr std::array<std::uint16_t, 14> kUsualPorts = {8080, 3000, 8000, 5000, 80,   9000, 8081,
                                                       8888, 4000, 3001, 1313, 8443, 5173, 4200};

}  // namespace

HttpEnvironment::HttpEnvironment(Reactor& reactor, WardenClient& warden, BuilderClient& builder,
                                 ConnectionBudget& budget, std::unique_ptr<Slot> slot, EnvironmentSetup setup,
                                 ServerSetup server)
    : Environment(reactor, warden, std::move(slot), std::move(setup)),
      builder_(builder),
      budget_(budget),
      server_(std::move(server)),
      head_{"127.0.0.1:" + std::to_string(server_.port), server_.headers},
      probe_interval_(kFirstInterval),
      probe_timer_(reactor),
      health_(reactor, server_.health, [this](HealthMonitor::OnStatus done) { ask_health(std::move(done)); }),
      health_timer_(reactor) {}

// ---- the start ------------------------------------------------------------------------------------------------------------

void HttpEnvironment::bring_up() {
    pid_ = slot_->child_pid();
    add_connections(slot_->take_connections());
    if (connections_.empty()) fail_start(Error{ErrorKind::Broken, 0, "the sandbox came without its connections", {}});
}

void HttpEnvironment::add_connections(std::vector<linux::UniqueFd> sockets) {
    for (linux::UniqueFd& socket : sockets)
        connections_.push_back(std::make_unique<ServerConnection>(reactor_, std::move(socket)));
}

void HttpEnvironment::code_attached() {
    auto frame = encode_run(slot_->id(), server_.command, server_.environment);
    if (!frame) return fail_start(std::move(frame).error());
    slot_->send(std::move(*frame));
}

void HttpEnvironment::on_failed(const hc_failed& failed) {
    if (is_starting()) fail_start(exec_error({command_line(), server_.named, {}}, failed.sys));
}

void HttpEnvironment::on_channel_end() {
    if (!alive_ || !is_starting() || std::exchange(launched_, true)) return;
    launched_ns_ = monotonic_ns();
    allow_start(server_.patience, [this] { look_elsewhere(0); });
    probe();
}

void HttpEnvironment::probe() {
    connections_[0]->connect(server_.port, [this](bool connected) {
        if (!alive_ || !is_starting()) return;
        if (connected) {
            start_parts_.push_back({"runtime.listen", Nanos(monotonic_ns() - launched_ns_)});
            return port_opened();
        }
        if (monotonic_ns() - launched_ns_ > static_cast<std::uint64_t>(kOften.count()))
            probe_interval_ = std::min(probe_interval_ * 5 / 4, kLastInterval);
        probe_timer_.start(probe_interval_, [this] {
            if (alive_ && is_starting()) probe();
        });
    });
}

void HttpEnvironment::port_opened() {
    // an initializer goes before the first look at its health
    if (!health_.is_wanted() || server_.has_initializer) return started();
    health_.begin([this](unsigned status) {
        if (!alive_ || !is_starting()) return;
        if (HealthMonitor::is_good(status)) return started();
        fail_start(unhealthy_error({command_line(), server_.named, last_output()}, status));
    });
}

/// One request beside the calls. `done` may come at once.
void HttpEnvironment::ask_health(HealthMonitor::OnStatus done) {
    asked_ = find_free();
    if (asked_ == nullptr) return done(0);
    const auto over = [this, done](unsigned status) {
        health_timer_.cancel();
        asked_ = nullptr;
        done(status);
        serve_waiting();
    };
    health_timer_.start(std::chrono::seconds(std::max(1u, server_.health.timeout_s)), [this, over] {
        if (asked_ != nullptr) asked_->disconnect();
        over(0);
    });
    asked_->connect(server_.port, [this, over](bool connected) {
        if (!connected) return over(0);
        asked_->exchange({.bytes = health_request(head_, server_.health.path), .most_body = kMostOfHealth},
                         [over](ExchangeEnd end, const HttpMessage& message) {
                             over(end == ExchangeEnd::Answered ? message.status : 0);
                         });
    });
}

/// Its time is over: is there a server at all, where servers usually are?
void HttpEnvironment::look_elsewhere(std::size_t next) {
    probe_timer_.cancel();
    if (!alive_ || !is_starting()) return;
    if (next == kUsualPorts.size())
        return fail_start(
            not_started_error({command_line(), server_.named, last_output()}, server_.port, server_.patience, 0));
    if (kUsualPorts[next] == server_.port) return look_elsewhere(next + 1);
    connections_[0]->connect(kUsualPorts[next], [this, next](bool connected) {
        if (!alive_ || !is_starting()) return;
        if (!connected) return look_elsewhere(next + 1);
        fail_start(not_started_error({command_line(), server_.named, last_output()}, server_.port, server_.patience,
                                     kUsualPorts[next]));
    });
}

Error HttpEnvironment::start_failure(Answer::Kind kind, int status) {
    const FailedStart start{command_line(), server_.named, last_output()};
    if (kind == Answer::Kind::OutOfMemory) return out_of_memory_error(start, setup_.memory);
    return exited_error(start, status);
}

std::string HttpEnvironment::command_line() const {
    std::string line;
    for (const std::string& argument : server_.command) line += argument + " ";
    return line;
}

// ---- calls ----------------------------------------------------------------------------------------------------------------

void HttpEnvironment::put(std::uint64_t number, const CallInput& input) {
    const std::string_view method = method_of(input);
    Exchange exchange;
    exchange.kind = input.kind;
    exchange.idempotent = is_idempotent(method);
    exchange.bodiless = method == "HEAD";
    exchange.request = server_request(head_, input);
    if (input.stream && input.http != nullptr)
        exchange.stream = std::make_unique<AnswerStream>(
            reactor_, input, [this, number] { mark_streamed(number); }, [this, number] { client_closed(number); });
    exchanges_.emplace(number, std::move(exchange));
    assign(number);
    health_.watch();
}

void HttpEnvironment::assign(std::uint64_t number) {
    if (ServerConnection* kept = find_kept()) return send(number, *kept);
    if (ServerConnection* free = find_free()) return connect(number, *free);
    waiting_.push_back(number);
    open_more();
}

ServerConnection* HttpEnvironment::find_kept() {
    const std::uint64_t now = monotonic_ns();
    for (const auto& connection : connections_) {
        if (!connection->is_kept()) continue;
        if (now - connection->kept_ns() <= static_cast<std::uint64_t>(kFresh.count())) return connection.get();
        connection->disconnect();
    }
    return nullptr;
}

ServerConnection* HttpEnvironment::find_free() {
    const auto found = std::ranges::find_if(connections_, [](const auto& one) { return one->is_free(); });
    return found == connections_.end() ? nullptr : found->get();
}

void HttpEnvironment::open_more() {
    const std::size_t most = setup_.concurrency + kSpare;
    if (opening_ || connections_.size() >= most) return;
    const std::size_t wish =
        std::min<std::size_t>({most - connections_.size(), std::max<std::size_t>(connections_.size(), waiting_.size()),
                               protocol::kMostOpenedConnections});
    const std::uint32_t count = budget_.take(static_cast<std::uint32_t>(wish));
    if (count == 0) return;  // calls wait for those there are
    extra_ += count;
    opening_ = true;
    builder_.open_connections(slot_->id(), count,
                              [self = weak_from_this(), this](Result<std::vector<linux::UniqueFd>> opened) {
                                  const auto one = self.lock();
                                  if (!one || !slot_) return;
                                  opening_ = false;
                                  if (!opened) return;
                                  add_connections(std::move(*opened));
                                  serve_waiting();
                              });
}

void HttpEnvironment::serve_waiting() {
    while (!waiting_.empty() && (find_kept() != nullptr || find_free() != nullptr)) {
        const std::uint64_t number = waiting_.front();
        waiting_.pop_front();
        if (exchanges_.contains(number)) assign(number);
    }
    if (!waiting_.empty()) open_more();
}

void HttpEnvironment::connect(std::uint64_t number, ServerConnection& connection) {
    exchanges_[number].connection = &connection;
    connection.connect(server_.port, [this, number, &connection](bool connected) {
        if (!connected) return lost(number, "nothing listens on port " + std::to_string(server_.port) + " any more");
        send(number, connection);
    });
}

void HttpEnvironment::send(std::uint64_t number, ServerConnection& connection) {
    Exchange& exchange = exchanges_[number];
    exchange.connection = &connection;
    // one that may be sent again is kept until it is answered
    ServerRequest request{.bytes = exchange.idempotent ? exchange.request : std::move(exchange.request),
                          .bodiless = exchange.bodiless,
                          .most_body = setup_.most_result.count,
                          .taker = exchange.stream.get()};
    if (exchange.stream) exchange.stream->use(&connection);
    connection.exchange(std::move(request), [this, number](ExchangeEnd end, HttpMessage message) {
        const auto self = shared_from_this();
        exchange_over(number, end, std::move(message));
        serve_waiting();
    });
}

void HttpEnvironment::exchange_over(std::uint64_t number, ExchangeEnd end, HttpMessage message) {
    Exchange& exchange = exchanges_[number];
    ServerConnection& connection = *std::exchange(exchange.connection, nullptr);
    if (exchange.stream) exchange.stream->use(nullptr);
    switch (end) {
        case ExchangeEnd::Answered:
            if (exchange.stream && exchange.stream->has_begun()) return stream_over(number);
            return answered(number, std::move(message));
        case ExchangeEnd::Closed:  // by the server, or because its process has ended
            return await_word(number, kWordAfterEnd, [this, number] { stream_over(number); });
        case ExchangeEnd::Lost:
            // a server may end a kept connection at any time, also while a request is on its way to it (RFC 9110, 9.2.2)
            if (exchange.idempotent && connection.exchanges() > 1 && !std::exchange(exchange.repeated, true))
                return connect(number, connection);
            return lost(number, "the server closed the connection without an answer");
        case ExchangeEnd::Cut: return lost(number, "the server closed the connection within its answer");
        case ExchangeEnd::NotHttp: return fail_call(number, "the server's answer is not HTTP/1.1", "BadResponse");
        case ExchangeEnd::HeadTooLong:
            return fail_call(
                number, "response headers exceed maximum allowed size (" + std::to_string(kMostHeadBytes) + " bytes)",
                "BadResponse");
        case ExchangeEnd::BodyTooLong:
            return fail_call(
                number,
                "response size exceeds maximum allowed size (" + std::to_string(setup_.most_result.count) + " bytes)",
                "ResponseSizeTooLarge");
    }
}

/// The word of the process's end says more, if it has ended; it comes a moment later.
void HttpEnvironment::lost(std::uint64_t number, std::string why) {
    await_word(number, kWordPatience, [this, number, why = std::move(why)] {
        fail_call(number, "Process exited unexpectedly before completing request (" + why + ")",
                  "FunctionUnhandledError");
    });
}

void HttpEnvironment::await_word(std::uint64_t number, Nanos patience, std::function<void()> without) {
    Exchange& exchange = exchanges_[number];
    exchange.connection = nullptr;
    exchange.word = std::make_unique<Timer>(reactor_);
    exchange.word->start(patience, [self = weak_from_this(), this, number, without = std::move(without)] {
        const auto one = self.lock();
        if (!one || !alive_ || !is_pending(number)) return;
        if (slot_->oom_kills() > 0) return die(Answer::Kind::OutOfMemory);
        without();
    });
}

void HttpEnvironment::fail_call(std::uint64_t number, std::string message, std::string_view type) {
    Answer failed;
    failed.kind = Answer::Kind::Error;
    failed.payload = error_document(message, type);
    exchanges_.erase(number);
    answer(number, std::move(failed));
}

void HttpEnvironment::answered(std::uint64_t number, HttpMessage message) {
    // 101: nobody asked for another protocol, and a client who is told so would take what follows for it
    if (message.status < 200)
        return fail_call(number, "the server's answer has status " + std::to_string(message.status), "BadResponse");
    const std::uint32_t kind = exchanges_[number].kind;
    exchanges_.erase(number);
    if (!alive_) return;
    Answer given;
    given.kind = Answer::Kind::Result;
    if (kind == HC_CALL_INITIALIZER && (message.status < 200 || message.status > 299)) {
        // 400 and 404: not now; 500: never in this environment
        given.kind = message.status < 500 ? Answer::Kind::HandledError : Answer::Kind::Error;
        given.payload = error_document("the initializer answered with status " + std::to_string(message.status) + ": " +
                                           message.body.substr(0, kMostOfBody),
                                       "InitializationError");
    } else if (kind == HC_CALL_INITIALIZER && health_.is_wanted()) {
        return health_.begin([this, number](unsigned status) {
            if (!is_pending(number)) return;
            Answer well;
            well.kind = HealthMonitor::is_good(status) ? Answer::Kind::Result : Answer::Kind::Error;
            if (well.kind == Answer::Kind::Error)
                well.payload = error_document(unhealthy_error({}, status).doing, "FunctionNotStarted");
            answer(number, std::move(well));
        });
    } else if (kind == HC_CALL_HANDLER || kind == HC_CALL_HTTP) {
        if (message.header("x-fc-status") == "404") given.kind = Answer::Kind::HandledError;
        if (kind == HC_CALL_HTTP) given.http = http_answer(message);
        given.payload = std::move(message.body);
    }
    answer(number, std::move(given));
}

/// All of the answer has gone to the stream.
void HttpEnvironment::stream_over(std::uint64_t number) {
    Answer given;
    given.kind = exchanges_[number].stream->has_failed() ? Answer::Kind::HandledError : Answer::Kind::Result;
    exchanges_.erase(number);
    if (!alive_) return;
    answer(number, std::move(given));
}

/// The client of an upgraded connection has gone: its call is over.
void HttpEnvironment::client_closed(std::uint64_t number) {
    const auto self = shared_from_this();
    exchanges_[number].connection->disconnect();
    stream_over(number);
    if (slot_) serve_waiting();
}

/// What a program has left in its sockets is not passed on once its call is over.
void HttpEnvironment::has_died() {
    for (auto& [number, exchange] : exchanges_) {
        if (!exchange.stream || exchange.connection == nullptr) continue;
        exchange.stream->use(nullptr);
        std::exchange(exchange.connection, nullptr)->disconnect();
    }
}

void HttpEnvironment::forget(std::uint64_t number) {
    auto found = exchanges_.extract(number);
    if (found && found.mapped().connection != nullptr) found.mapped().connection->disconnect();
    std::erase(waiting_, number);
    reactor_.post([self = weak_from_this(), this] {
        if (const auto one = self.lock(); one && slot_) serve_waiting();
    });
}

void HttpEnvironment::let_go() {
    probe_timer_.cancel();
    health_.rest();
    health_timer_.cancel();
    exchanges_.clear();
    waiting_.clear();
    connections_.clear();
    budget_.give_back(std::exchange(extra_, 0));
}

}  // namespace hotcell::environment
