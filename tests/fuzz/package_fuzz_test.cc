// A fuzz target of packages on mutated zips and streams; built once for each target.
#include <gtest/gtest.h>

#include <string>

#include "tests/fuzz/mutate.h"
#include "tests/support/zip_builder.h"
#include "tests/unit/package/read_back.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hotcell {
namespace {

TEST(PackageFuzz, HoldsItsInvariants) {
    ZipItem packed;
    packed.name = "lib/a.txt";
    packed.content = std::string(100, 'a');
    packed.deflate = true;
    packed.flags = 8;
    ZipItem link;
    link.name = "lib/l";
    link.content = "../b";
    link.mode = 0120777;
    const std::string two = ZipBuilder().add(packed).add(link).add("b", "b").bytes();
    const std::string one = ZipBuilder().add("a", "").bytes();
    const std::string of_two = stream_of(two).value();
    const std::string of_one = stream_of(one).value();
    mutate_and_try({two, one, of_two, of_one, of_one + of_two.substr(16)},
                   {"PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "../", "/", "\\", std::string(4, '\0'),
                    std::string(4, '\xff'), of_one.substr(16, 17), of_two.substr(of_two.size() - 16)},
                   60'000, LLVMFuzzerTestOneInput);
}

}  // namespace
}  // namespace hotcell
