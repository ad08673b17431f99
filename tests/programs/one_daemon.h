// A real daemon for all tests of a suite. Needs root.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/programs/daemon_process.h"
#include "tests/support/requires.h"

namespace hotcell::test {

class OneDaemon : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (::geteuid() != 0) return;
        daemon = new DaemonProcess();
        ASSERT_TRUE(daemon->wait_until_ready()) << daemon->log();
    }
    static void TearDownTestSuite() {
        delete daemon;
        daemon = nullptr;
    }
    void SetUp() override { HOTCELL_REQUIRES(::hotcell::testing::root()); }

    static inline DaemonProcess* daemon = nullptr;
};

}  // namespace hotcell::test
