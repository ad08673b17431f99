#include "engine/environment/reactor/reactor.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <thread>

namespace hotcell::environment {

namespace asio = boost::asio;
using boost::system::error_code;

struct Reactor::State {
    asio::io_context context{1};  // one thread runs it: no locks around handlers
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::atomic<std::thread::id> thread{};
};

Reactor::Reactor() : state_(std::make_unique<State>()) {}
Reactor::~Reactor() = default;

void Reactor::run() {
    state_->thread = std::this_thread::get_id();
    state_->context.run();
    state_->thread = std::thread::id();
}

void Reactor::stop() {
    asio::post(state_->context, [this] { state_->context.stop(); });
}

void Reactor::post(std::function<void()> work) { asio::post(state_->context, std::move(work)); }

bool Reactor::is_here() const { return state_->thread.load() == std::this_thread::get_id(); }

struct Watch::State {
    State(asio::io_context& context, int fd) : descriptor(context, fd) {}
    asio::posix::stream_descriptor descriptor;
    bool alive = true;
};

Watch::Watch(Reactor& reactor, linux::UniqueFd fd)
    : state_(std::make_shared<State>(reactor.state_->context, fd.release())) {}

Watch::~Watch() {
    state_->alive = false;
    error_code ignored;
    state_->descriptor.close(ignored);
}

int Watch::fd() const { return state_->descriptor.native_handle(); }

void Watch::when_readable(std::function<void()> callback) {
    state_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                  [state = state_, callback = std::move(callback)](error_code error) {
                                      if (!error && state->alive) callback();
                                  });
}

void Watch::when_writable(std::function<void()> callback) {
    state_->descriptor.async_wait(asio::posix::stream_descriptor::wait_write,
                                  [state = state_, callback = std::move(callback)](error_code error) {
                                      if (!error && state->alive) callback();
                                  });
}

struct Timer::State {
    explicit State(asio::io_context& context) : timer(context) {}
    asio::steady_timer timer;
    std::uint64_t turn = 0;  // a handler that was already on its way when it was cancelled sees another number
};

Timer::Timer(Reactor& reactor) : state_(std::make_shared<State>(reactor.state_->context)) {}
Timer::~Timer() { cancel(); }

void Timer::start(Nanos delay, std::function<void()> callback) {
    const std::uint64_t turn = ++state_->turn;
    state_->timer.expires_after(delay);
    state_->timer.async_wait([state = state_, turn, callback = std::move(callback)](error_code error) {
        if (!error && state->turn == turn) callback();
    });
}

void Timer::cancel() {
    ++state_->turn;
    state_->timer.cancel();
}

}  // namespace hotcell::environment
