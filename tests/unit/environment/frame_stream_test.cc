// Frames over pipes on a real loop: in order through one that is full, ended by what is no frame, passed on with a socket's.
#include "engine/environment/channel/frame_stream.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/linux/raw/fd_passing.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {
namespace {

using namespace std::chrono_literals;

std::string result_frame(std::uint64_t request, const std::string& payload) {
    const hc_frame head{static_cast<std::uint32_t>(payload.size()), HC_FRAME_RESULT, 0, request};
    return std::string(reinterpret_cast<const char*>(&head), sizeof head) + payload;
}

class FrameStreamTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto calls = linux::make_pipe_to_write(), answers = linux::make_pipe_to_read();
        ASSERT_TRUE(calls && answers);
        their_calls_ = std::move(calls->theirs);
        their_answers_ = std::move(answers->theirs);
        stream_ = std::make_unique<FrameStream>(
            reactor_, std::move(answers->ours), std::move(calls->ours),
            [this](ProgramFrame frame) {
                frames_.push_back(std::move(frame));
                if (on_frame_) on_frame_();
            },
            [this] {
                ++ends_;
                loop_.stop();
            });
        stream_->frames().allow_answers(1 << 20);
        limit_.start(20s, [this] {
            ADD_FAILURE() << "nothing happened";
            loop_.stop();
        });
    }
    void say(const std::string& bytes) {
        ASSERT_EQ(::write(their_answers_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }

    EventLoop loop_;
    Reactor reactor_{loop_};
    Timer limit_{reactor_};
    linux::UniqueFd their_calls_;
    linux::UniqueFd their_answers_;
    std::unique_ptr<FrameStream> stream_;
    std::vector<ProgramFrame> frames_;
    std::function<void()> on_frame_;
    int ends_ = 0;
};

TEST_F(FrameStreamTest, WhatAFullPipeDoesNotTakeGoesLaterAndInOrder) {
    std::string sent;
    for (char c : {'a', 'b', 'c'}) {
        const std::string piece(300'000, c);
        sent += piece;
        stream_->send(piece);
    }
    std::string come;
    const auto read_one = [&] {
        char part[10'000];
        const ssize_t n = ::read(their_calls_.get(), part, sizeof part);
        ASSERT_GT(n, 0);
        come.append(part, static_cast<std::size_t>(n));
    };
    std::function<void()> next = [&] {
        read_one();
        if (come.size() == sent.size()) return loop_.stop();
        reactor_.post(next);
    };
    reactor_.post(next);
    loop_.run();
    EXPECT_TRUE(come == sent);
}

TEST_F(FrameStreamTest, FramesComeOneByOneHoweverTheirBytesDo) {
    const std::string bytes = result_frame(1, "one") + result_frame(2, std::string(1000, 'x')) + result_frame(3, "");
    std::size_t at = 0;
    std::function<void()> next = [&] {
        if (at == bytes.size()) return;
        const std::size_t n = std::min<std::size_t>(at + 7 - at % 7, bytes.size()) - at;
        say(bytes.substr(at, n));
        at += n;
        reactor_.post(next);
    };
    on_frame_ = [&] {
        if (frames_.size() == 3) loop_.stop();
    };
    reactor_.post(next);
    loop_.run();
    ASSERT_EQ(frames_.size(), 3u);
    EXPECT_EQ(frames_[0].payload, "one");
    EXPECT_EQ(frames_[1].payload.size(), 1000u);
    EXPECT_EQ(frames_[2].request, 3u);
    EXPECT_EQ(ends_, 0);
}

TEST_F(FrameStreamTest, EndsOnceWithTheOtherSide) {
    say(result_frame(1, "last"));
    their_answers_.reset();
    loop_.run();
    EXPECT_EQ(frames_.size(), 1u);
    EXPECT_EQ(ends_, 1);
    stream_->drain();
    EXPECT_EQ(ends_, 1);
}

TEST_F(FrameStreamTest, EndsWithWhatIsNoFrame) {
    say(std::string(64, '\xff') + result_frame(2, "after"));
    loop_.run();
    EXPECT_EQ(ends_, 1);
    EXPECT_TRUE(frames_.empty()) << "nothing of what follows counts";
}

TEST_F(FrameStreamTest, MayBeDestroyedByItsOwnFrame) {
    on_frame_ = [&] {
        stream_.reset();
        loop_.stop();
    };
    say(result_frame(1, "one") + result_frame(2, "two"));
    loop_.run();
    EXPECT_EQ(frames_.size(), 1u);
}

TEST_F(FrameStreamTest, OverASocketDescriptorsGoWithTheFirstBytes) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    const linux::UniqueFd theirs(pair[1]);
    FrameStream socket(
        reactor_, linux::UniqueFd(pair[0]), [](const ProgramFrame&) {}, [] {});
    bool passed = false;
    socket.send_with(result_frame(7, "x"), {their_calls_.get(), their_answers_.get()}, [&] { passed = true; });
    socket.send("more");
    EXPECT_TRUE(passed);
    hc_frame head{};
    int fds[linux::raw::kMostPassedFds];
    int count = 0;
    ASSERT_EQ(linux::raw::receive_with_fds(theirs.get(), &head, sizeof head, fds, count),
              static_cast<long>(sizeof head));
    EXPECT_EQ(head.request, 7u);
    ASSERT_EQ(count, 2);
    for (int i = 0; i < count; ++i) EXPECT_EQ(::close(fds[i]), 0);
    char rest[16];
    ASSERT_EQ(::read(theirs.get(), rest, sizeof rest), 5);
    EXPECT_EQ(std::string(rest, 5), "xmore");
}

}  // namespace
}  // namespace hotcell::environment
