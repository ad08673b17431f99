#include "engine/environment/reactor/reactor.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>

#include "engine/events/loop_state.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

namespace asio = boost::asio;
using boost::system::error_code;

void Reactor::post(std::function<void()> work) {
    loop_.post([open = open_, work = std::move(work)] {
        if (*open) work();
    });
}

struct Watch::State {
    State(asio::io_context& context, int fd) : descriptor(context, fd) {}
    asio::posix::stream_descriptor descriptor;
    bool alive = true;
};

Watch::Watch(Reactor& reactor, linux::UniqueFd fd)
    : state_(std::make_shared<State>(events::context_of(reactor.loop()), fd.release())) {}

Watch::~Watch() {
    state_->alive = false;
    error_code ignored;
    state_->descriptor.close(ignored);
}

linux::UniqueFd Watch::release() {
    state_->alive = false;
    return linux::UniqueFd(state_->descriptor.release());
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

Event::Event(Reactor& reactor, linux::UniqueFd eventfd, std::function<void()> raised)
    : watch_(reactor, std::move(eventfd)), raised_(std::move(raised)) {
    wait();
}

void Event::wait() {
    watch_.when_readable([this] {
        if (!take()) return wait();
        const auto raised = std::move(raised_);
        raised();
    });
}

bool Event::take() {
    std::uint64_t times = 0;
    return linux::read_some(watch_.fd(), reinterpret_cast<char*>(&times), sizeof times) > 0;
}

struct Timer::State {
    explicit State(asio::io_context& context) : timer(context) {}
    asio::steady_timer timer;
    std::uint64_t turn = 0;  // a handler that was already on its way when it was cancelled sees another number
};

Timer::Timer(Reactor& reactor) : state_(std::make_shared<State>(events::context_of(reactor.loop()))) {}
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
