// The program `hotcell` started against a server whose services run nothing.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/api/server_fixture.h"

namespace hotcell::api {

struct Ended {
    int status = -1;
    std::string out;
    std::string err;
};

class CommandLineTest : public ServerTest {
protected:
    void TearDown() override {
        server_.reset();
        std::filesystem::remove_all(directory_);
    }

    Ended hotcell(const std::string& arguments, const std::string& environment = "") const {
        const auto command = "HOTCELL_HOST=unix://" + path_ + " " + environment + " '" HOTCELL_PROGRAM "' " +
                             arguments + " 2>'" + directory_ + "/err'";
        Ended ended;
        std::FILE* pipe = ::popen(command.c_str(), "re");
        std::array<char, 4096> block;
        while (const auto count = std::fread(block.data(), 1, block.size(), pipe))
            ended.out.append(block.data(), count);
        const int status = ::pclose(pipe);
        ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        std::ifstream err(directory_ + "/err");
        ended.err.assign(std::istreambuf_iterator<char>(err), {});
        return ended;
    }
    /// A file below the test's own directory.
    std::string write_file(const std::string& name, const std::string& content) const {
        const auto path = directory_ + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << content;
        return path;
    }
};

}  // namespace hotcell::api
