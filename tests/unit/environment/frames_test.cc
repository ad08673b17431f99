#include "engine/environment/channel/frames.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace hotcell::environment {
namespace {

template <class Payload>
std::string frame(std::uint16_t type, const Payload& payload, std::uint32_t length = sizeof(Payload)) {
    const hc_frame header{length, type, 0, 0};
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    return bytes.append(reinterpret_cast<const char*>(&payload), sizeof payload);
}

TEST(FrameReader, PutsFramesTogetherFromSingleBytes) {
    FrameReader reader;
    const std::string bytes = frame(HC_FRAME_READY, hc_ready{7, 9}) + frame(HC_FRAME_FAILED, hc_failed{46, 8});
    std::vector<ProgramFrame> seen;
    for (const char byte : bytes) {
        reader.add({&byte, 1});
        while (const auto one = reader.next()) seen.push_back(*one);
    }
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].ready.nonce, 7u);
    EXPECT_EQ(seen[1].failed.step, 46u);
    EXPECT_FALSE(reader.is_broken());
}

std::string answer(std::uint16_t type, std::uint64_t request, const std::string& payload, std::uint32_t length) {
    const hc_frame header{length, type, 0, request};
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload;
}

TEST(FrameReader, AnswersComeOnlyWhereTheyAreAllowedAndNeverLongerThanThat) {
    const std::string bytes = answer(HC_FRAME_RESULT, 3, "ten bytes.", 10);
    FrameReader program;
    program.add(bytes);
    EXPECT_FALSE(program.next());
    EXPECT_TRUE(program.is_broken());
    FrameReader shim;
    shim.allow_answers(10);
    shim.add(bytes.substr(0, 20));
    EXPECT_FALSE(shim.next());
    shim.add(bytes.substr(20));
    const auto frame = shim.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, HC_FRAME_RESULT);
    EXPECT_EQ(frame->request, 3u);
    EXPECT_EQ(frame->payload, "ten bytes.");
    EXPECT_FALSE(shim.is_too_large());
    shim.add(answer(HC_FRAME_ERROR, 4, std::string(4096, 'x'), 4096));
    EXPECT_FALSE(shim.next());
    EXPECT_TRUE(shim.is_broken());
    EXPECT_TRUE(shim.is_too_large());
}

std::string flagged(std::uint16_t type, std::uint16_t flags, const std::string& payload) {
    const hc_frame header{static_cast<std::uint32_t>(payload.size()), type, flags, 3};
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload;
}

std::string place(std::uint32_t offset, std::uint32_t length) {
    const hc_shared where{offset, length};
    return {reinterpret_cast<const char*>(&where), sizeof where};
}

TEST(FrameReader, AResultMaySayWhereInSharedMemoryItLies) {
    FrameReader reader;
    reader.allow_answers(100);
    reader.allow_shared();
    reader.add(flagged(HC_FRAME_RESULT, HC_SHARED | HC_HTTP_HEAD, place(7, 0xffffffff)));
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    ASSERT_TRUE(frame->shared);
    EXPECT_EQ(frame->shared->offset, 7u);
    EXPECT_EQ(frame->shared->length, 0xffffffffu) << "as it was said: checked where the memory is";
    EXPECT_EQ(frame->flags, HC_SHARED | HC_HTTP_HEAD);
    EXPECT_EQ(frame->payload, "");
    reader.add(flagged(HC_FRAME_RESULT, 0, place(7, 8)));
    const auto plain = reader.next();
    ASSERT_TRUE(plain);
    EXPECT_FALSE(plain->shared);
    EXPECT_EQ(plain->payload, place(7, 8));
}

TEST(FrameReader, ThatFlagAnywhereElseBreaksIt) {
    const std::string ready(sizeof(hc_ready), '\0'), failed(sizeof(hc_failed), '\0');
    for (const std::string& bytes :
         {flagged(HC_FRAME_ERROR, HC_SHARED, place(0, 1)), flagged(HC_FRAME_READY, HC_SHARED, ready),
          flagged(HC_FRAME_FAILED, HC_SHARED, failed), flagged(HC_FRAME_RESULT, HC_SHARED, ""),
          flagged(HC_FRAME_RESULT, HC_SHARED, place(0, 1) + "x")}) {
        FrameReader reader;
        reader.allow_answers(100);
        reader.allow_shared();
        reader.add(bytes);
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.is_broken());
        EXPECT_FALSE(reader.is_too_large());
    }
    FrameReader without;
    without.allow_answers(100);
    without.add(flagged(HC_FRAME_RESULT, HC_SHARED, place(0, 1)));
    EXPECT_FALSE(without.next());
    EXPECT_TRUE(without.is_broken());
    FrameReader early;  // the memory is there before it is known whose environment it is
    early.allow_shared();
    early.add(flagged(HC_FRAME_RESULT, HC_SHARED, place(0, 1)));
    EXPECT_FALSE(early.next());
    EXPECT_TRUE(early.is_broken());
}

TEST(FrameReader, ATypeOrLengthOfNoFrameOfThatSideBreaksIt) {
    for (const std::string& bytes :
         {frame(HC_FRAME_RUN, hc_ready{}), frame(99, hc_ready{}), frame(HC_FRAME_READY, hc_ready{}, 4),
          frame(HC_FRAME_FAILED, hc_failed{}, 0xffffffff), std::string(4096, 'x')}) {
        FrameReader reader;
        reader.add(bytes);
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.is_broken());
        reader.add(frame(HC_FRAME_READY, hc_ready{}));
        EXPECT_FALSE(reader.next()) << "a broken channel stays broken";
    }
}

TEST(EncodeRun, LaysStringsOneAfterTheOther) {
    const std::string bytes = encode_run(5, {"/code/program", ""}, {"A=b"}).value();
    hc_frame header{};
    hc_run run{};
    std::memcpy(&header, bytes.data(), sizeof header);
    std::memcpy(&run, bytes.data() + sizeof header, sizeof run);
    EXPECT_EQ(header.length, bytes.size() - sizeof header);
    EXPECT_EQ(header.type, HC_FRAME_RUN);
    EXPECT_EQ(run.argc, 2u);
    EXPECT_EQ(run.envc, 1u);
    EXPECT_EQ(bytes.substr(sizeof header + sizeof run), std::string("/code/program\0\0A=b\0", 19));
}

TEST(EncodeInvoke, SaysWhereAnEventLies) {
    const std::string bytes = encode_invoke(9, HC_CALL_HANDLER, "{}", hc_shared{16, 4096});
    hc_frame header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    EXPECT_EQ(header.type, HC_FRAME_INVOKE);
    EXPECT_EQ(header.flags, HC_SHARED);
    EXPECT_EQ(header.length, bytes.size() - sizeof header);
    EXPECT_EQ(bytes.substr(sizeof header + sizeof(hc_invoke)), "{}" + place(16, 4096));
}

TEST(EncodeRun, RefusesWhatTheOtherSideWouldNotTake) {
    EXPECT_FALSE(encode_run(1, {std::string("a\0b", 3)}, {}));
    EXPECT_FALSE(encode_run(1, {std::string(HC_MOST_RUN_BYTES, 'a')}, {}));
    EXPECT_TRUE(encode_run(1, {std::string(HC_MOST_RUN_BYTES - sizeof(hc_run) - 1, 'a')}, {}));
}

}  // namespace
}  // namespace hotcell::environment
