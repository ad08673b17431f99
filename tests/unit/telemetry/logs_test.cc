// Lines of functions: how they are cut, what is kept of them, how they are found.
#include <gtest/gtest.h>

#include <thread>

#include "engine/base/utf8.h"
#include "engine/telemetry/logs/instance_log.h"

namespace hotcell::telemetry {
namespace {

struct Cut {
    std::vector<std::string> lines;
    std::vector<bool> truncated;
    LineSplitter splitter;
    LineSplitter::OnLine on_line = [this](std::string text, bool cut) {
        lines.push_back(std::move(text));
        truncated.push_back(cut);
    };
    Cut& add(std::string_view bytes) {
        splitter.add(bytes, on_line);
        return *this;
    }
    Cut& flush() {
        splitter.flush(on_line);
        return *this;
    }
};

TEST(LineSplitter, LinesAreTheSameHoweverTheyCome) {
    const std::string text = "one\ntwo \xc3\xa4\xf0\x9f\x98\x80\r\n\nlast";
    const std::vector<std::string> lines = {"one", "two \xc3\xa4\xf0\x9f\x98\x80", "", "last"};
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        Cut cut;
        for (std::size_t at = 0; at < text.size(); at += piece) cut.add(std::string_view(text).substr(at, piece));
        EXPECT_EQ(cut.flush().lines, lines) << piece;
    }
}

TEST(LineSplitter, ALineIsCutBetweenCharactersAndItsRestThrownAway) {
    for (const std::string character : {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
        for (std::size_t shift = 0; shift < 4; ++shift) {
            Cut cut;
            cut.add(std::string(shift, '-'));
            for (std::size_t i = 0; i < 40'000; ++i) cut.add(character);
            cut.add("\nnext\n");
            ASSERT_EQ(cut.lines.size(), 2u);
            EXPECT_TRUE(cut.truncated[0]);
            EXPECT_TRUE(is_utf8(cut.lines[0]));
            EXPECT_EQ(cut.lines[0].find('\\'), std::string::npos) << "a character was cut";
            EXPECT_LE(cut.lines[0].size(), kMostLine);
            EXPECT_GT(cut.lines[0].size(), kMostLine - 4);
            EXPECT_EQ(cut.lines[1], "next");
            EXPECT_FALSE(cut.truncated[1]);
        }
}

TEST(LineSplitter, OneOfExactlyTheLimitIsWhole) {
    Cut cut;
    cut.add(std::string(kMostLine, 'x')).add("\n").add(std::string(kMostLine + 1, 'x')).add("\n");
    EXPECT_EQ(cut.truncated, (std::vector<bool>{false, true}));
    EXPECT_EQ(cut.lines[0].size(), cut.lines[1].size());
}

TEST(LineSplitter, BytesThatAreNoTextAreShown) {
    Cut cut;
    cut.add(std::string("a\x80\xff\xc3(\xe2\x82 b\xed\xa0\x80 \0c\n", 16));
    EXPECT_EQ(cut.lines.at(0), std::string("a\\x80\\xff\\xc3(\\xe2\\x82 b\\xed\\xa0\\x80 \0c", 39));
}

struct Logs : ::testing::Test {
    LogBuffer buffer{LogBounds{kibibytes(100), kibibytes(10)}};
    InstanceLog log_of(const std::string& function, const std::string& version = "LATEST") {
        return InstanceLog(buffer, {"s", function, version, "c-" + function}, kibibytes(64));
    }
    static std::vector<std::string> texts(const LogPage& page) {
        std::vector<std::string> all;
        for (const LogLine& line : page.lines) all.push_back(line.text);
        return all;
    }
};

using Texts = std::vector<std::string>;

TEST_F(Logs, ALineHasItsRequestItsEnvironmentAndItsStream) {
    InstanceLog log = log_of("f", "3");
    log.write(LogStream::Out, "before\n");
    log.begin("r-1");
    log.write(LogStream::Out, "out\npart");
    log.write(LogStream::Err, "err\n");
    log.end();
    log.begin("r-2");
    log.write(LogStream::Out, "next\n");
    const LogPage page = buffer.find({});
    ASSERT_EQ(texts(page), (Texts{"before", "out", "err", "part", "next"}));
    EXPECT_EQ(page.lines[0].request_id, "");
    EXPECT_EQ(page.lines[1].request_id, "r-1");
    EXPECT_EQ(page.lines[3].request_id, "r-1");
    EXPECT_EQ(page.lines[4].request_id, "r-2");
    EXPECT_EQ(page.lines[2].stream, LogStream::Err);
    EXPECT_EQ(page.lines[1].stream, LogStream::Out);
    EXPECT_EQ(page.lines[1].service, "s");
    EXPECT_EQ(page.lines[1].function, "f");
    EXPECT_EQ(page.lines[1].version, "3");
    EXPECT_EQ(page.lines[1].instance_id, "c-f");
    EXPECT_EQ(page.last, page.lines.back().number);
    EXPECT_EQ(page.lost, 0u);
}

TEST_F(Logs, AreFoundByEveryField) {
    InstanceLog f = log_of("f"), g = log_of("g", "2");
    f.begin("r-1");
    f.write(LogStream::Out, "alpha\nbeta\n");
    g.begin("r-2");
    g.write(LogStream::Out, "alphabet\n");
    const auto with = [&](auto set) {
        LogQuery query;
        set(query);
        return texts(buffer.find(query));
    };
    EXPECT_EQ(with([](LogQuery& q) { q.function = "f"; }), (Texts{"alpha", "beta"}));
    EXPECT_EQ(with([](LogQuery& q) { q.service = "other"; }), Texts{});
    EXPECT_EQ(with([](LogQuery& q) { q.version = "2"; }), Texts{"alphabet"});
    EXPECT_EQ(with([](LogQuery& q) { q.request_id = "r-1"; }), (Texts{"alpha", "beta"}));
    EXPECT_EQ(with([](LogQuery& q) { q.instance_id = "c-g"; }), Texts{"alphabet"});
    EXPECT_EQ(with([](LogQuery& q) { q.match = "lpha"; }), (Texts{"alpha", "alphabet"}));
    EXPECT_EQ(with([](LogQuery& q) { q.until_ms = 1; }), Texts{});
    EXPECT_EQ(with([](LogQuery& q) { q.since_ms = 32503680000000; }), Texts{});
    EXPECT_EQ(with([](LogQuery& q) { q.limit = 1; }), Texts{"alphabet"});  // the last ones
    const std::uint64_t first = buffer.find({}).lines[0].number;
    EXPECT_EQ(with([&](LogQuery& q) { q.after = first, q.limit = 1; }), Texts{"beta"});  // the first ones after it
    LogQuery next;
    next.after = first;
    next.limit = 1;
    next.after = buffer.find(next).last;
    EXPECT_EQ(texts(buffer.find(next)), Texts{"alphabet"});
}

TEST_F(Logs, OneThatFloodsDropsItsOwnLinesAndCountsThem) {
    InstanceLog quiet = log_of("quiet"), loud = log_of("loud");
    quiet.write(LogStream::Out, "still here\n");
    for (int i = 0; i < 1000; ++i) loud.write(LogStream::Out, "line " + std::to_string(i) + "\n");
    LogQuery of_loud{.service = "s", .function = "loud"};
    const LogPage page = buffer.find(of_loud);
    EXPECT_EQ(page.lost + page.lines.size(), 1000u);
    EXPECT_GT(page.lost, 900u);
    EXPECT_EQ(page.lines.back().text, "line 999");
    EXPECT_EQ(texts(buffer.find({.service = "s", .function = "quiet"})), Texts{"still here"});
}

TEST_F(Logs, AllTogetherStayWithinTheBound) {
    for (int f = 0; f < 40; ++f) {
        InstanceLog log = log_of("f" + std::to_string(f));
        for (int i = 0; i < 9; ++i) log.write(LogStream::Out, std::string(900, 'x') + "\n");
    }
    const LogPage page = buffer.find({});
    std::size_t bytes = 0;
    for (const LogLine& line : page.lines) bytes += line.text.size();
    EXPECT_LE(bytes, 100u << 10);
    EXPECT_EQ(page.lost + page.lines.size(), 360u);
    EXPECT_EQ(page.lines.back().function, "f39");
}

TEST_F(Logs, WhatACallWritesBeyondItsBoundIsCountedNotKept) {
    InstanceLog log = log_of("f");
    log.begin("r-1");
    for (int i = 0; i < 1000; ++i) log.write(LogStream::Out, std::string(1023, 'y') + "\n");
    log.end();
    log.begin("r-2");
    log.write(LogStream::Out, "the next call's\n");
    const LogPage page = buffer.find({});
    EXPECT_EQ(page.lost + page.lines.size(), 1001u);
    EXPECT_EQ(page.lines.back().text, "the next call's");
}

TEST_F(Logs, APageHoldsAboutAMebibyteAndTheNextGoesOn) {
    LogBuffer large;
    InstanceLog log(large, LogSource{"s", "f", "LATEST", "c"}, mebibytes(64));
    for (int i = 0; i < 3'000; ++i) log.write(LogStream::Out, std::to_string(i) + std::string(1'000, ' ') + "\n");
    const auto last_ones = large.find({.limit = 10'000});
    EXPECT_GT(last_ones.lines.size(), 1'000u);
    EXPECT_LT(last_ones.lines.size(), 1'100u);
    EXPECT_TRUE(last_ones.lines.back().text.starts_with("2999 "));
    std::size_t lines = 0;
    for (LogQuery next{.after = 1, .limit = 10'000};;) {
        const LogPage page = large.find(next);
        if (page.lines.empty()) break;
        EXPECT_LT(page.lines.size(), 1'100u);
        EXPECT_EQ(page.lines.front().number, next.after + 1);
        lines += page.lines.size();
        next.after = page.last;
    }
    EXPECT_EQ(lines, 2'999u);
}

TEST_F(Logs, WhoeverWaitsIsToldOnce) {
    InstanceLog f = log_of("f"), g = log_of("g");
    int told = 0;
    const LogQuery of_f{.service = "s", .function = "f"};
    buffer.when_added(of_f, [&] { ++told; });
    g.write(LogStream::Out, "another's\n");
    EXPECT_EQ(told, 0);
    f.write(LogStream::Out, "one\ntwo\n");
    EXPECT_EQ(told, 1);
    buffer.when_added(of_f, [&] { ++told; });  // after 0: there are lines already
    EXPECT_EQ(told, 2);
    LogQuery later = of_f;
    later.after = buffer.find(of_f).last;
    buffer.forget(buffer.when_added(later, [&] { ++told; }));
    f.write(LogStream::Out, "three\n");
    EXPECT_EQ(told, 2);
}

TEST_F(Logs, WritersAndReadersDoNotDisturbEachOther) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            InstanceLog log = log_of("f" + std::to_string(t));
            for (int i = 0; i < 3000; ++i) log.write(LogStream::Out, "line " + std::to_string(i) + "\n");
        });
    std::uint64_t after = 0;
    for (int i = 0; i < 200; ++i) {
        const LogPage page = buffer.find({.after = after, .limit = 100});
        for (std::size_t k = 1; k < page.lines.size(); ++k) ASSERT_LT(page.lines[k - 1].number, page.lines[k].number);
        after = page.last;
    }
    for (std::thread& thread : threads) thread.join();
    const LogPage page = buffer.find({.limit = 10000});
    EXPECT_EQ(page.lost + page.lines.size(), 12000u);
}

}  // namespace
}  // namespace hotcell::telemetry
