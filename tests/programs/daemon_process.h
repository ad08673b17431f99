// A real hotcelld on directories of its own, started and ended by a test.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "engine/linux/unique_fd.h"
#include "tests/support/build_paths.h"

namespace hotcell::test {

inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A Unix socket bound at `path`.
inline linux::UniqueFd bind_socket(const std::string& path, int type) {
    linux::UniqueFd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
    return fd;
}

/// How it is started.
struct DaemonStart {
    std::vector<std::string> options{};
    std::string state_dir{};           // empty: of its own
    std::string run_dir{};             // empty: of its own
    std::function<void()> in_child{};  // just before the exec
};

class DaemonProcess {
public:
    explicit DaemonProcess(DaemonStart start = {}) {
        char name[] = "/tmp/hotcell-daemon-XXXXXX";
        home_ = ::mkdtemp(name);
        ::chmod(home_.c_str(), 0755);
        state_dir_ = start.state_dir.empty() ? home_ + "/state" : start.state_dir;
        run_dir_ = start.run_dir.empty() ? home_ + "/run" : start.run_dir;
        notify_ = bind_socket(home_ + "/notify", SOCK_DGRAM);
        pid_ = ::fork();
        if (pid_ == 0) become_daemon(start);
    }
    ~DaemonProcess() {
        end(SIGTERM);
        std::filesystem::remove_all(home_);
    }

    /// The next word it tells its service manager, "" when it ends or 30 s pass without one.
    std::string wait_for_word() {
        for (int tenths = 0; tenths < 300; ++tenths) {
            pollfd ready{notify_.get(), POLLIN, 0};
            if (::poll(&ready, 1, 100) > 0) {
                char word[256];
                const auto size = ::recv(notify_.get(), word, sizeof word, 0);
                return {word, static_cast<std::size_t>(size > 0 ? size : 0)};
            }
            if (has_ended(WNOHANG)) return "";
        }
        return "";
    }
    bool wait_until_ready() { return wait_for_word() == "READY=1"; }

    /// The exit status, 1000 + the signal when one ended it.
    int end(int signal) {
        if (pid_ > 0 && signal != 0) ::kill(pid_, signal);
        has_ended(0);
        return status_;
    }
    int wait() { return end(0); }

    pid_t pid() const { return pid_; }
    std::string socket() const { return run_dir_ + "/api.sock"; }
    const std::string& home() const { return home_; }
    const std::string& run_dir() const { return run_dir_; }
    const std::string& state_dir() const { return state_dir_; }
    std::string log() const { return read_file(home_ + "/log"); }

private:
    bool has_ended(int flags) {
        if (pid_ <= 0) return true;
        int status = 0;
        if (::waitpid(pid_, &status, flags) != pid_) return false;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        pid_ = -1;
        return true;
    }

    [[noreturn]] void become_daemon(const DaemonStart& start) {
        const int log = ::open((home_ + "/log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644);
        ::dup2(log, 1);
        ::dup2(log, 2);
        ::setenv("NOTIFY_SOCKET", (home_ + "/notify").c_str(), 1);
        if (start.in_child) start.in_child();
        std::vector<std::string> words{std::string(kBinDir) + "/hotcelld",
                                       "--state-dir",
                                       state_dir_,
                                       "--run-dir",
                                       run_dir_,
                                       "--pooled-slots",
                                       "2"};
        words.insert(words.end(), start.options.begin(), start.options.end());
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        ::execv(arguments[0], arguments.data());
        ::_exit(99);
    }

    std::string home_, state_dir_, run_dir_;
    linux::UniqueFd notify_;
    pid_t pid_ = -1;
    int status_ = -1;
};

}  // namespace hotcell::test
