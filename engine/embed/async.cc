// Engine's asynchronous calls, handed to the queue; each waits for its turn on the disk.
#include <future>
#include <utility>

#include "engine/embed/engine_state.h"

namespace hotcell {

namespace {

/// Waits for what `ask` is told.
template <class T, class Ask>
Result<T> wait_for(Ask&& ask) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    ask([promise](Result<T> result) { promise->set_value(std::move(result)); });
    return answer.get();
}

}  // namespace

void Engine::State::ask_queue(const std::function<void()>& ask, const std::function<void(Error)>& refuse) {
    const std::shared_lock lock(open_mutex);
    if (open) return ask();
    refuse(Error{ErrorKind::Exhausted, 0, "the engine is draining: no new calls", {}});
}

void Engine::invoke_async(AsyncRequest request, std::function<void(Result<AsyncAccepted>)> done) {
    state_->ask_queue([&] { state_->async->invoke(std::move(request), done); },
                      [&](Error error) { done(std::unexpected(std::move(error))); });
}
Result<AsyncAccepted> Engine::invoke_async(AsyncRequest request) {
    return wait_for<AsyncAccepted>([&](auto done) { invoke_async(std::move(request), std::move(done)); });
}

void Engine::async_invocation(FunctionReference of, std::string invocation_id,
                              std::function<void(Result<AsyncRecord>)> done) const {
    state_->ask_queue([&] { state_->async->get(std::move(of), std::move(invocation_id), done); },
                      [&](Error error) { done(std::unexpected(std::move(error))); });
}
Result<AsyncRecord> Engine::async_invocation(FunctionReference of, std::string invocation_id) const {
    return wait_for<AsyncRecord>(
        [&](auto done) { async_invocation(std::move(of), std::move(invocation_id), std::move(done)); });
}

void Engine::async_invocations(FunctionReference of, AsyncListRequest request,
                               std::function<void(Result<Page<AsyncRecord>>)> done) const {
    state_->ask_queue([&] { state_->async->list(std::move(of), std::move(request), done); },
                      [&](Error error) { done(std::unexpected(std::move(error))); });
}
Result<Page<AsyncRecord>> Engine::async_invocations(FunctionReference of, AsyncListRequest request) const {
    return wait_for<Page<AsyncRecord>>(
        [&](auto done) { async_invocations(std::move(of), std::move(request), std::move(done)); });
}

void Engine::stop_async(FunctionReference of, std::string invocation_id, std::function<void(Result<>)> done) {
    state_->ask_queue([&] { state_->async->stop(std::move(of), std::move(invocation_id), done); },
                      [&](Error error) { done(std::unexpected(std::move(error))); });
}
Result<> Engine::stop_async(FunctionReference of, std::string invocation_id) {
    return wait_for<void>([&](auto done) { stop_async(std::move(of), std::move(invocation_id), std::move(done)); });
}

}  // namespace hotcell
