// Answers who asks for logs: at once, or when there is something new. Looking happens beside the loop.
//
// Threads: read() and close() on the reactor's; `done` is called there.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "engine/environment/reactor/reactor.h"
#include "engine/telemetry/logs/log_buffer.h"
#include "hotcell/units.h"

namespace hotcell::embed {

class LogReader {
public:
    using Done = std::function<void(LogPage)>;

    /// `disk` is the thread that may take its time.
    LogReader(environment::Reactor& reactor, environment::Reactor& disk, telemetry::LogBuffer& buffer)
        : reactor_(reactor), disk_(disk), buffer_(buffer) {}

    /// Where nothing fits, waits up to `wait` for something that does; an empty page when nothing has come.
    void read(LogQuery query, Millis wait, Done done);
    /// Answers everybody who waits, with what there is.
    void close();

private:
    struct Reading;
    void look(const std::shared_ptr<Reading>& reading);
    void looked(const std::shared_ptr<Reading>& reading, LogPage page);
    void finish(const std::shared_ptr<Reading>& reading, LogPage page);

    environment::Reactor& reactor_;
    environment::Reactor& disk_;
    telemetry::LogBuffer& buffer_;
    std::set<std::shared_ptr<Reading>> readings_;
};

}  // namespace hotcell::embed
