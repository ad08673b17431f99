// Packages as they were uploaded, each a file DIRECTORY/packages/<sha256 of its bytes>, for whoever wants to have one back. What runs
// is the tree that was made of it (code_store.h).
//
// A package is there for as long as something holds it. Threads: all methods, any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/result.h"

namespace hotcell::environment {

class PackageStore {
public:
    /// DIRECTORY must have been prepared.
    explicit PackageStore(std::string directory) : directory_(std::move(directory)) {}

    /// Makes packages/ below `directory`, owned by these ids.
    static Result<> prepare(const std::string& directory, std::uint32_t uid, std::uint32_t gid);

    /// Holds `package`, whose name its bytes make; writes it unless it is there. On failure nothing is held. Blocks for the disk.
    Result<std::string> store(std::string_view bytes);
    void hold(const std::string& package);
    /// Ends one hold; the last one removes the file.
    void release(const std::string& package);
    /// NotFound when it is not there, Broken when it is not what its name says. Blocks for the disk.
    Result<std::string> read(const std::string& package) const;
    /// Removes what nothing holds: what a crash left behind. Blocks for the disk.
    void remove_unheld();

private:
    std::string path_of(const std::string& package) const { return directory_ + "/packages/" + package; }

    const std::string directory_;
    std::mutex mutex_;  // held for the disk, too: a package that comes back does not meet its own removal
    std::unordered_map<std::string, std::uint32_t> holds_;
    std::uint64_t next_stage_ = 0;
};

}  // namespace hotcell::environment
