// What callers read when a custom runtime does not come up.
#include "engine/environment/http/start_errors.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace hotcell::environment {
namespace {

const FailedStart kBootstrap{.command = "/code/bootstrap ", .output = "last words\n"};

constexpr std::size_t kHere = 37;  // after "Function instance exited unexpectedly"

TEST(StartErrors, ACodeThatIsAnErrorsNumberIsSaidInWords) {
    const Error two = exited_error(kBootstrap, 2 << 8);
    EXPECT_EQ(two.code, "CAExited");
    EXPECT_EQ(two.doing,
              "Function instance exited unexpectedly(code 2, message:no such file or directory) with start command "
              "'/code/bootstrap '. Logs:last words\n");
    EXPECT_EQ(exited_error(kBootstrap, 127 << 8).doing.find("(code 127, message:key has expired)"), kHere);
    EXPECT_EQ(exited_error(kBootstrap, 145 << 8).doing.find("(code 145) "), kHere);
    EXPECT_EQ(exited_error(kBootstrap, 0).doing.find("(code 0) "), kHere);
    EXPECT_EQ(exited_error(kBootstrap, SIGKILL).doing.find("(code 137) "), kHere);
}

TEST(StartErrors, WantOfMemoryIsCode137AndNamesTheLimit) {
    const Error error = out_of_memory_error(kBootstrap, mebibytes(128));
    EXPECT_EQ(error.code, "CAExited");
    EXPECT_EQ(error.doing.find("(code 137) "), kHere);
    EXPECT_EQ(error.hint, "it needed more than its memorySize of 128 MB");
}

TEST(StartErrors, ABootstrapFileIsToldApartFromACommand) {
    EXPECT_EQ(exec_error(kBootstrap, ENOENT).code, "CAFileNotFound");
    EXPECT_EQ(exec_error(kBootstrap, EACCES).code, "CAFilePermission");
    EXPECT_EQ(exec_error(kBootstrap, ENOEXEC).code, "CAExited");
    const FailedStart named{.command = "server -x ", .named = true, .output = ""};
    EXPECT_EQ(exec_error(named, ENOENT).code, "CAExited");
    EXPECT_EQ(exec_error(named, EACCES).doing,
              "Function instance exited unexpectedly(code 13, message:permission denied) with start command 'server -x "
              "'. Logs:");
}

TEST(StartErrors, AServerThatNeverListensIsToldWithPortPatienceAndOutput) {
    const Error nowhere = not_started_error(kBootstrap, 9001, std::chrono::seconds(120), 0);
    EXPECT_EQ(nowhere.code, "FunctionNotStarted");
    EXPECT_EQ(nowhere.doing, "Function instance health check failed on port 9001 in 120 seconds.\nLogs:last words\n");
    EXPECT_EQ(nowhere.hint, "does '/code/bootstrap ' listen on 0.0.0.0:9001?");
    EXPECT_EQ(not_started_error(kBootstrap, 9001, std::chrono::seconds(120), 8080).hint,
              "the program listens on port 8080: set caPort to it, or let it listen on the port in FC_SERVER_PORT");
}

TEST(StartErrors, AHealthCheckSaysItsStatus) {
    EXPECT_EQ(unhealthy_error({}, 500).doing,
              "The function http server cannot be started. check function health failed with status code: 500");
    EXPECT_EQ(unhealthy_error(kBootstrap, 0).doing,
              "The function http server cannot be started. check function health failed without an answer\nLogs:last "
              "words\n");
}

}  // namespace
}  // namespace hotcell::environment
