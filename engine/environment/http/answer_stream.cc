#include "engine/environment/http/answer_stream.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "engine/environment/http/server_request.h"

namespace hotcell::environment {

namespace {

/// Between the server and the engine, not meant for the client.
bool is_of_connection(std::string_view name) {
    constexpr std::array<std::string_view, 5> kNames = {"connection", "keep-alive", "proxy-connection",
                                                        "transfer-encoding", "content-length"};
    return std::ranges::find(kNames, name) != kNames.end();
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

}  // namespace

HttpAnswer http_answer(HttpMessage& message) {
    HttpAnswer answer;
    answer.status = message.status;
    for (auto& [name, value] : message.headers) {
        std::string key = lower(std::move(name));
        if (is_of_connection(key) || (key == "upgrade" && message.status != 101)) continue;
        answer.headers[std::move(key)].push_back(std::move(value));
    }
    return answer;
}

/// Outlives the stream in the hands of whoever steers it.
class AnswerStream::Control final : public StreamControl, public std::enable_shared_from_this<Control> {
public:
    explicit Control(AnswerStream& stream) : stream_(&stream) {}
    void let_go() {
        const std::scoped_lock lock(mutex_);
        stream_ = nullptr;
    }

    void resume() override {
        on_loop([](AnswerStream& stream) {
            if (stream.connection_ != nullptr) stream.connection_->resume();
        });
    }
    bool send(std::string bytes) override {
        bool gone = false;
        if (is_on_loop()) {
            if (ServerConnection* connection = gone_over()) gone = connection->send(std::move(bytes));
            return gone;
        }
        on_loop([bytes = std::move(bytes)](AnswerStream& stream) mutable {
            if (stream.control_->gone_over() != nullptr && stream.connection_->send(std::move(bytes))) stream.taken();
        });
        return false;
    }
    void finish() override {
        on_loop([](AnswerStream& stream) {
            if (stream.control_->gone_over() != nullptr) stream.connection_->finish_sending();
        });
    }
    void close() override {
        post([](AnswerStream& stream) {
            if (stream.control_->gone_over() != nullptr) stream.closed_();
        });
    }

private:
    /// The connection, once it speaks the other protocol.
    ServerConnection* gone_over() const {
        if (stream_ == nullptr || stream_->connection_ == nullptr) return nullptr;
        return stream_->connection_->has_gone_over() ? stream_->connection_ : nullptr;
    }
    bool is_on_loop() {
        const std::scoped_lock lock(mutex_);
        return stream_ != nullptr && stream_->reactor_.is_here();
    }
    template <class Work>
    void on_loop(Work work) {
        if (!is_on_loop()) return post(std::move(work));
        work(*stream_);
    }
    template <class Work>
    void post(Work work) {
        const std::scoped_lock lock(mutex_);
        if (stream_ == nullptr) return;
        stream_->reactor_.post([self = shared_from_this(), work = std::move(work)]() mutable {
            if (self->stream_ != nullptr) work(*self->stream_);
        });
    }

    std::mutex mutex_;
    AnswerStream* stream_;  // null when the call is over; changed on the loop only
};

AnswerStream::AnswerStream(Reactor& reactor, const CallInput& input, std::function<void()> begun,
                           std::function<void()> closed)
    : reactor_(reactor),
      to_(input.stream),
      known_(input.known),
      upgrade_(asks_to_go_over(input) ? lower(input.http->upgrade) : std::string()),
      begun_(std::move(begun)),
      closed_(std::move(closed)) {}

AnswerStream::~AnswerStream() {
    if (control_) control_->let_go();
}

bool AnswerStream::has_asked_for(const HttpMessage& head) const {
    return !upgrade_.empty() && lower(std::string(head.header("upgrade"))) == upgrade_;
}

void AnswerStream::begin(HttpMessage& head) {
    has_begun_ = true;
    has_failed_ = head.header("x-fc-status") == "404";
    control_ = std::make_shared<Control>(*this);
    InvokeReport so_far = known_();
    so_far.streamed = true;
    if (has_failed_) so_far.outcome = InvokeOutcome::HandledError;
    so_far.http = http_answer(head);
    begun_();
    to_->begin(std::move(so_far), control_);
}

bool AnswerStream::write(std::string_view piece) { return to_->write(piece); }
void AnswerStream::taken() { to_->taken(); }

}  // namespace hotcell::environment
