// Descriptors, deadlines and long waits on a real loop.
#include "engine/environment/reactor/reactor.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "engine/events/deadline.h"
#include "engine/events/long_wait.h"

namespace hotcell::environment {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class ReactorTest : public ::testing::Test {
protected:
    static linux::UniqueFd event() { return linux::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }
    static void raise(const linux::UniqueFd& fd) { ASSERT_EQ(::eventfd_write(fd.get(), 1), 0); }

    EventLoop loop_;
    Reactor reactor_{loop_};
};

/// What became ready in the same moment as something that is ended meanwhile: Asio hands the place of the ended one, which is
/// marked as ready, to the next that is waited for.
TEST_F(ReactorTest, AnEventIsOnlyTakenForRaisedWhenItIs) {
    std::unique_ptr<Watch> watches[2];
    std::unique_ptr<Event> fresh;
    bool told = false;
    for (int i = 0; i < 2; ++i) {
        watches[i] = std::make_unique<Watch>(reactor_, event());
        ASSERT_EQ(::eventfd_write(watches[i]->fd(), 1), 0);
        watches[i]->when_readable([&, other = 1 - i] {
            if (fresh) return;
            watches[other].reset();
            fresh = std::make_unique<Event>(reactor_, event(), [&] { told = true; });
        });
    }
    Timer end(reactor_);
    end.start(20ms, [&] { loop_.stop(); });
    loop_.run();
    EXPECT_FALSE(told);
}

TEST_F(ReactorTest, AnEventThatIsRaisedIsToldOrTakenOnce) {
    linux::UniqueFd fd = event();
    const linux::UniqueFd copy(::dup(fd.get()));
    int told = 0;
    Event raised(reactor_, std::move(fd), [&] { ++told; });
    raise(copy);
    EXPECT_TRUE(raised.take());
    EXPECT_FALSE(raised.take());
    Timer again(reactor_), end(reactor_);
    again.start(10ms, [&] { raise(copy); });
    end.start(30ms, [&] { loop_.stop(); });
    loop_.run();
    EXPECT_EQ(told, 1);
}

TEST_F(ReactorTest, AReleasedDescriptorIsTheCallersAgain) {
    Watch watch(reactor_, event());
    watch.when_readable([] { FAIL() << "it was released"; });
    const linux::UniqueFd fd = watch.release();
    raise(fd);
    Timer end(reactor_);
    end.start(20ms, [&] { loop_.stop(); });
    loop_.run();
    eventfd_t value = 0;
    EXPECT_EQ(::eventfd_read(fd.get(), &value), 0);
}

TEST_F(ReactorTest, WhatWasPostedEndsWithTheReactor) {
    bool done = false;
    {
        Reactor other(loop_);
        other.post([&] { done = true; });
    }
    reactor_.post([&] { loop_.stop(); });
    loop_.run();
    EXPECT_FALSE(done);
}

TEST_F(ReactorTest, ADeadlineThatIsMovedPassesWhenItIsLastSaid) {
    const auto begun = Clock::now();
    Clock::duration passed{};
    events::Deadline deadline(loop_, [&] {
        passed = Clock::now() - begun;
        deadline.clear();
        loop_.stop();
    });
    deadline.set(5ms);
    deadline.set(60ms);
    deadline.set(30ms);
    loop_.run();
    EXPECT_GE(passed, 30ms);
    EXPECT_LT(passed, 60ms) << "only slow machines are this late";
}

TEST_F(ReactorTest, ADeadlineThatIsClearedDoesNotPass) {
    events::Deadline deadline(loop_, [] { FAIL() << "it was cleared"; });
    deadline.set(5ms);
    deadline.clear();
    Timer end(reactor_);
    end.start(20ms, [&] { loop_.stop(); });
    loop_.run();
}

TEST_F(ReactorTest, OnlyAWaitThatLastsIsLong) {
    std::vector<int> seen;
    events::LongWait never(loop_, [&] { seen.push_back(0); });
    events::LongWait again(loop_, [&] {
        seen.push_back(1);
        again.begin();
        if (seen.size() == 3) loop_.stop();
    });
    events::LongWait once(loop_, [&] { seen.push_back(2); });
    reactor_.post([&] {
        never.begin();
        again.begin();
        once.begin();
        never.end();
    });
    loop_.run();
    EXPECT_EQ(seen, (std::vector<int>{1, 2, 1}));
}

}  // namespace
}  // namespace hotcell::environment
