#include "bench/lifecycle/plain_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace hotcell::bench {

PlainEnd run_plain(const std::vector<std::string>& arguments, const std::string& event) {
    int in[2];
    int out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("make pipes");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    char path[] = "PATH=/usr/bin:/bin";
    char lang[] = "LANG=C.UTF-8";
    char* environment[] = {path, lang, nullptr};
    pid_t pid = -1;
    const int failed = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environment);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    if (failed != 0) throw std::runtime_error("spawn " + arguments[0]);
    PlainEnd end;
    // events of the benchmark fit a pipe
    if (::write(in[1], event.data(), event.size()) != static_cast<ssize_t>(event.size()))
        throw std::runtime_error("feed");
    ::close(in[1]);
    char part[65536];
    for (ssize_t n; (n = ::read(out[0], part, sizeof part)) > 0;) end.output.append(part, static_cast<std::size_t>(n));
    ::close(out[0]);
    ::waitpid(pid, &end.status, 0);
    return end;
}

}  // namespace hotcell::bench
