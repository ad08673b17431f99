// One call's answer on its way from its connection to the caller's HttpStream, as it comes.
//
// Here: the head in the words of the interface, what the caller steers by, on whichever thread that is. Not here: bytes and bounds
// (server_connection.h), how the call ends (http_environment.h).
// Threads: the reactor's, but the control's methods.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/environment/environment.h"
#include "engine/environment/http/server_connection.h"
#include "hotcell/http_stream.h"

namespace hotcell::environment {

/// Status and headers for the client: without those that are between the server and the engine.
HttpAnswer http_answer(HttpMessage& message);

class AnswerStream final : public PieceTaker {
public:
    /// `begun` is called before the stream is; `closed` when the client of an upgraded connection has gone, not from within a call of
    /// the stream.
    AnswerStream(Reactor& reactor, const CallInput& input, std::function<void()> begun, std::function<void()> closed);
    ~AnswerStream() override;
    AnswerStream(const AnswerStream&) = delete;
    AnswerStream& operator=(const AnswerStream&) = delete;

    /// The connection that the answer comes on; null: none any more.
    void use(ServerConnection* connection) { connection_ = connection; }
    bool has_begun() const { return has_begun_; }
    /// The head said so itself.
    bool has_failed() const { return has_failed_; }

    bool has_asked_for(const HttpMessage& head) const override;
    void begin(HttpMessage& head) override;
    bool write(std::string_view piece) override;
    void taken() override;

private:
    class Control;

    Reactor& reactor_;
    const std::shared_ptr<HttpStream> to_;
    const std::function<InvokeReport()> known_;
    const std::string upgrade_;  // empty: not asked for
    const std::function<void()> begun_;
    const std::function<void()> closed_;
    ServerConnection* connection_ = nullptr;
    std::shared_ptr<Control> control_;
    bool has_begun_ = false;
    bool has_failed_ = false;
};

}  // namespace hotcell::environment
