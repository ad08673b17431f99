#include "engine/environment/http/start_errors.h"

#include <cerrno>
#include <cstring>

#include "engine/linux/process/wait_status.h"

namespace hotcell::environment {

namespace {

constexpr int kKilled = 137;  // as a shell and FC say it: 128 + SIGKILL

/// "no such file or directory"; empty for a number that no error has.
std::string error_text(int number) {
    if (number <= 0 || ::strerrorname_np(number) == nullptr) return {};
    std::string text = ::strerror(number);
    if (text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

Error refusal(std::string code, std::string message, std::string hint = {}) {
    return Error{ErrorKind::Broken, 0, std::move(message), std::move(hint), std::move(code)};
}

std::string exited_message(const FailedStart& start, int code) {
    const std::string text = error_text(code);
    return "Function instance exited unexpectedly(code " + std::to_string(code) +
           (text.empty() ? "" : ", message:" + text) + ") with start command '" + start.command +
           "'. Logs:" + start.output;
}

}  // namespace

Error exec_error(const FailedStart& start, int sys) {
    std::string file = start.command.substr(0, start.command.find(' '));
    if (!start.named && sys == ENOENT)
        return refusal(
            "CAFileNotFound",
            "The function cannot be started. Failed to start function instance. Error: the file " + file +
                " is not exist",
            "is it in the package; if it is a script, is there an interpreter where its first line says, and does "
            "that line end with a line feed alone");
    if (!start.named && sys == EACCES)
        return refusal("CAFilePermission",
                       "The CA process cannot be started due to bootstrap file don't have execute permissions",
                       "chmod 755 " + file + " before it is packed");
    const bool unknown_name = sys == ENOENT && file.find('/') == std::string::npos;
    return refusal(
        "CAExited", exited_message(start, sys),
        unknown_name ? "'" + file + "' is on no directory of PATH; name it with its path, or add to the function's PATH"
                     : "");
}

Error exited_error(const FailedStart& start, int status) {
    const linux::WaitStatus end = linux::read_wait_status(status);
    return refusal("CAExited", exited_message(start, end.signal != 0 ? 128 + end.signal : end.code));
}

Error out_of_memory_error(const FailedStart& start, Bytes limit) {
    return refusal("CAExited", exited_message(start, kKilled),
                   "it needed more than its memorySize of " + std::to_string(limit.count >> 20) + " MB");
}

Error unhealthy_error(const FailedStart& start, unsigned status) {
    return refusal("FunctionNotStarted",
                   "The function http server cannot be started. check function health failed " +
                       (status == 0 ? "without an answer" : "with status code: " + std::to_string(status)) +
                       (start.output.empty() ? "" : "\nLogs:" + start.output));
}

Error not_started_error(const FailedStart& start, std::uint16_t port, Nanos patience, std::uint16_t elsewhere) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
    return refusal("FunctionNotStarted",
                   "Function instance health check failed on port " + std::to_string(port) + " in " +
                       std::to_string(seconds) + " seconds.\nLogs:" + start.output,
                   elsewhere != 0 ? "the program listens on port " + std::to_string(elsewhere) +
                                        ": set caPort to it, or let it listen on the port in FC_SERVER_PORT"
                                  : "does '" + start.command + "' listen on 0.0.0.0:" + std::to_string(port) + "?");
}

}  // namespace hotcell::environment
