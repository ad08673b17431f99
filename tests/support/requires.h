// A test says what it needs of the machine; where that is missing it is skipped, loudly.
//
//     TEST(CgroupTree, …) { HOTCELL_REQUIRES(root(), cgroup_driver(Driver::V2)); …
//
// Each need is a std::optional<std::string>: nullopt when the machine has it, otherwise the reason in words. A skip is
// written to standard error, counted by GoogleTest, and added as a line to the file $HOTCELL_SKIPS names, if set, so
// that a run over many programs can be summed up. With HOTCELL_NO_SKIPS=1 it is a failure.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iostream>
#include <optional>
#include <string>

namespace hotcell::testing {

using Missing = std::optional<std::string>;

inline Missing root() {
    if (::geteuid() == 0) return std::nullopt;
    return "needs root";
}

/// The first that is missing.
inline Missing first_missing(std::initializer_list<Missing> needs) {
    for (const Missing& need : needs)
        if (need) return need;
    return std::nullopt;
}

/// True when the skip is to be a failure.
inline bool report_skip(const std::string& reason) {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string line = std::string(test->test_suite_name()) + "." + test->name() + ": " + reason;
    std::cerr << "SKIPPED " << line << std::endl;
    if (const char* path = std::getenv("HOTCELL_SKIPS")) std::ofstream(path, std::ios::app) << line << '\n';
    const char* forbidden = std::getenv("HOTCELL_NO_SKIPS");
    return forbidden != nullptr && std::string(forbidden) == "1";
}

}  // namespace hotcell::testing

#define HOTCELL_REQUIRES(...)                                                                          \
    do {                                                                                               \
        if (const auto missing_ = ::hotcell::testing::first_missing({__VA_ARGS__})) {                  \
            if (::hotcell::testing::report_skip(*missing_)) FAIL() << "skip forbidden: " << *missing_; \
            GTEST_SKIP() << *missing_;                                                                 \
        }                                                                                              \
    } while (false)
