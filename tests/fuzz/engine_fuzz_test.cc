// One of the engine's fuzz targets on mutated seeds; built once for each target.
#include <gtest/gtest.h>

#include <string>

#include "engine/environment/channel/frames.h"
#include "tests/fuzz/mutate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hotcell {
namespace {

TEST(EngineFuzz, HoldsItsInvariants) {
    const hc_frame header{sizeof(hc_ready), HC_FRAME_READY, 0, 1};
    const hc_ready ready{1, 2};
    std::string frame = "\x05";
    frame.append(reinterpret_cast<const char*>(&header), sizeof header)
        .append(reinterpret_cast<const char*>(&ready), sizeof ready);
    const hc_frame result{sizeof(hc_shared), HC_FRAME_RESULT, HC_SHARED, 1};
    const hc_shared where{HC_MEMORY_RESULTS_AT, 100};
    std::string shared = "\xc5";
    shared.append(reinterpret_cast<const char*>(&result), sizeof result)
        .append(reinterpret_cast<const char*>(&where), sizeof where);
    mutate_and_try(
        {frame, shared, std::string(32, '\0'), std::string(640, '\0'),
         R"({"name": "lua", "programFile": "main.lua", "exec": ["/usr/bin/lua"], "environment": {"HOME": "/tmp"},
             "zygote": {"arguments": ["/usr/bin/lua"], "memoryMiB": 64}})",
         R"({"entries": [{"show": "/usr/bin"}, {"link": "usr/bin", "at": "bin", "optional": true}]})"},
        {"\"", "{", "}", "[", "]", "..", "/", "\\u0000", "exec", "zygote", "at", std::string(8, '\0'), frame}, 60'000,
        LLVMFuzzerTestOneInput);
}

}  // namespace
}  // namespace hotcell
