// The program `hotcell` against a daemon of a test.
#pragma once

#include <array>
#include <cstdio>
#include <string>

#include "tests/programs/daemon_process.h"

namespace hotcell::test {

struct Ended {
    int status = -1;
    std::string out;
    std::string err;
};

/// `tag` tells those apart that run at the same time.
inline Ended hotcell(const DaemonProcess& daemon, const std::string& arguments, const std::string& tag = "") {
    const auto err = daemon.home() + "/err" + tag;
    const auto command =
        "HOTCELL_HOST=unix://" + daemon.socket() + " '" + kBinDir + "/hotcell' " + arguments + " 2>'" + err + "'";
    Ended ended;
    std::FILE* pipe = ::popen(command.c_str(), "re");
    std::array<char, 4096> block;
    while (const auto count = std::fread(block.data(), 1, block.size(), pipe)) ended.out.append(block.data(), count);
    const int status = ::pclose(pipe);
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ended.err = read_file(err);
    return ended;
}

}  // namespace hotcell::test
