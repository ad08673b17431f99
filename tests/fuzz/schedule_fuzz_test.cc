// The parser of schedules on mutated seeds.
#include <gtest/gtest.h>

#include "tests/fuzz/mutate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hotcell {
namespace {

TEST(ScheduleFuzz, HoldsItsInvariants) {
    mutate_and_try(
        {"at(2020-10-10T10:10:10Z)", "cron(0 */30 * * * *)", "0 0 8-18/2 ? * MON-FRI", "1,2,3 4/5 6 31 FEB,DEC ?"},
        {"*", "*/", "-", ",", "?", "/", " ", "JAN", "SUN", "7", "31", "at(", "cron(", ")", "99999999999999999999"},
        60'000, LLVMFuzzerTestOneInput);
}

}  // namespace
}  // namespace hotcell
