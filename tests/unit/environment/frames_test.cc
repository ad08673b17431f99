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

TEST(EncodeRun, RefusesWhatTheOtherSideWouldNotTake) {
    EXPECT_FALSE(encode_run(1, {std::string("a\0b", 3)}, {}));
    EXPECT_FALSE(encode_run(1, {std::string(HC_MOST_RUN_BYTES, 'a')}, {}));
    EXPECT_TRUE(encode_run(1, {std::string(HC_MOST_RUN_BYTES - sizeof(hc_run) - 1, 'a')}, {}));
}

}  // namespace
}  // namespace hotcell::environment
