#include "hotcell/event_loop.h"

#include <boost/asio/post.hpp>

#include "engine/events/loop_state.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell {

namespace asio = boost::asio;

EventLoop::EventLoop() : state_(std::make_unique<State>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
    linux::block_sigpipe_of_this_thread();
    state_->thread = std::this_thread::get_id();
    state_->context.run();
    state_->thread = std::thread::id();
}

void EventLoop::stop() {
    asio::post(state_->context, [state = state_.get()] { state->context.stop(); });
}

void EventLoop::post(std::function<void()> work) { asio::post(state_->context, std::move(work)); }

bool EventLoop::is_here() const { return state_->thread.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

}  // namespace hotcell
