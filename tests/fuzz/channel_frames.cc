// libFuzzer target: what a hostile program may write on its channel, in pieces. The first byte is the size of a piece and,
// in its two highest bits, whether answers are allowed and whether they may lie in shared memory.
// What it must hold: only whole frames of a program's side come out, how the bytes are cut does not matter, and only a result says
// a place in shared memory, which is refused or lies there as a whole.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "engine/environment/channel/frames.h"
#include "engine/environment/channel/shared_memory.h"

using hotcell::environment::FrameReader;
using hotcell::environment::ProgramFrame;

namespace {

constexpr std::uint32_t kMostAnswer = 200;

std::vector<ProgramFrame> read(std::string_view bytes, std::size_t piece, bool answers, bool shared, bool& broken) {
    FrameReader reader;
    if (answers) reader.allow_answers(kMostAnswer);
    if (shared) reader.allow_shared();
    std::vector<ProgramFrame> frames;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.add(bytes.substr(at, piece));
        while (auto frame = reader.next()) frames.push_back(std::move(*frame));
    }
    broken = reader.is_broken();
    return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    bool broken = false;
    bool broken_by_byte = false;
    const bool answers = (data[0] & 0x80) != 0;
    const bool shared = (data[0] & 0x40) != 0;
    const auto frames = read(bytes, 1 + data[0] % 32, answers, shared, broken);
    const auto by_byte = read(bytes, 1, answers, shared, broken_by_byte);
    static const auto memory = hotcell::environment::SharedMemory::make();
    if (!memory) std::abort();
    if (frames.size() != by_byte.size() || broken != broken_by_byte) std::abort();
    for (const ProgramFrame& frame : frames) {
        const bool answer = frame.type == HC_FRAME_RESULT || frame.type == HC_FRAME_ERROR;
        if (answer ? !answers || frame.payload.size() > kMostAnswer
                   : frame.type != HC_FRAME_READY && frame.type != HC_FRAME_FAILED)
            std::abort();
        if (!frame.shared) continue;
        if (!shared || frame.type != HC_FRAME_RESULT || !frame.payload.empty()) std::abort();
        const std::uint64_t end = std::uint64_t{frame.shared->offset} + frame.shared->length;
        const bool inside = frame.shared->offset >= HC_MEMORY_RESULTS_AT && end <= HC_MEMORY_BYTES;
        const auto taken = (*memory)->take(*frame.shared);
        if (taken.has_value() != inside || (taken && taken->size() != frame.shared->length)) std::abort();
    }
    return 0;
}
