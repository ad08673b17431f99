// The engine's asynchronous calls: the queue on the thread that may wait for the disk, calling functions in the engine's own way.
//
// Here: what may be enqueued. Not here: what becomes of it (dispatch/async). Threads: any.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/dispatch/async/event_queue.h"
#include "engine/embed/async_metrics.h"
#include "engine/environment/reactor/reactor.h"
#include "hotcell/catalog.h"
#include "hotcell/engine.h"

namespace hotcell::embed {

struct AsyncParts {
    environment::Reactor& storage;  // outlives this
    const Catalog& catalog;
    std::function<void(InvokeRequest, std::function<void(Result<InvokeReport>)>)> invoke;
    std::function<void(const std::string& request_id)> cancel;
    std::function<void(std::string_view line)> log;  // may be unset
};

class AsyncCalls {
public:
    template <class T = void>
    using Done = std::function<void(Result<T>)>;

    AsyncCalls(std::unique_ptr<dispatch::async::EventQueue> queue, AsyncParts parts);

    void invoke(AsyncRequest request, const Done<AsyncAccepted>& done);
    void get(FunctionReference of, std::string invocation_id, Done<AsyncRecord> done);
    void list(FunctionReference of, AsyncListRequest request, const Done<Page<AsyncRecord>>& done);
    void stop(FunctionReference of, std::string invocation_id, Done<> done);

    /// Refuses new ones and begins no attempt any more.
    void close() { queue_->close(); }
    /// Puts what has ended on the disk. Before the storage thread is stopped.
    void settle();
    AsyncState state() const;
    std::string metrics() const { return metrics_.text(queue_->state()); }

private:
    Result<> check(const AsyncRequest& request) const;
    AsyncConfig config_of(const FunctionReference& of) const;

    AsyncParts parts_;
    AsyncMetrics metrics_;
    environment::Timer timer_;
    std::unique_ptr<dispatch::async::EventQueue> queue_;
};

}  // namespace hotcell::embed
