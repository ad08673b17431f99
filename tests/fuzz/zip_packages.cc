// libFuzzer target: hotcell-unpack's work on arbitrary bytes. What it accepts, the front's reader accepts too, and it never
// says more than its limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/unit/package/read_back.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    hotcell::protocol::PackageLimits limits;
    limits.package = 1 << 20;
    limits.unpacked = 1 << 20;
    limits.entries = 64;
    limits.ratio_free = 64 << 10;
    const std::string_view zip(reinterpret_cast<const char*>(data), size);
    std::size_t said = 0;
    std::string stream;
    const auto unpacked = hotcell::unpack::unpack(
        zip,
        [&](std::string_view bytes) -> hotcell::Result<> {
            said += bytes.size();
            if (said > (2 << 20)) std::abort();
            stream += bytes;
            return {};
        },
        limits);
    if (unpacked) {
        const auto tree = hotcell::tree_of_stream(stream, 1 << 20, limits);
        if (!tree || tree->empty()) std::abort();
    } else if (unpacked.error().kind != hotcell::ErrorKind::InvalidArgument ||
               unpacked.error().doing.find_first_of("\n\x1b") != std::string::npos) {
        std::abort();
    }
    return 0;
}
