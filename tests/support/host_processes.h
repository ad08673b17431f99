// Processes of programs in sandboxes, as the host sees them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace hotcell::test {

/// Those of the machine that gave themselves this name, or whose parent did.
inline std::vector<pid_t> processes_named(const std::string& name) {
    std::vector<pid_t> all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string pid = entry.path().filename().string();
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        std::string comm;
        std::getline(std::ifstream(entry.path() / "comm"), comm);
        if (comm == name) all.push_back(std::stoi(pid));
    }
    return all;
}

}  // namespace hotcell::test
