// Programs on disk, named by their content: DIRECTORY/code/<sha256>/<file>, what the warden mounts at a slot's /code.
//
// Here: store so that a name, once there, is whole (staged, synced, renamed); keep the total below a cap by dropping
// what was not used for longest. Not here: mounting. Threads: all methods, any thread.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/result.h"
#include "hotcell/units.h"

namespace hotcell::environment {

class CodeStore {
public:
    /// DIRECTORY must have been prepared. `most` is a target: programs in use are never dropped.
    CodeStore(std::string directory, Bytes most);

    /// Makes code/ and staging/ below `directory`, owned by these ids, and clears staging of what a crash left.
    static Result<> prepare(const std::string& directory, std::uint32_t uid, std::uint32_t gid);
    static std::string code_directory(const std::string& directory) { return directory + "/code"; }

    /// The name these bytes have as `file`. Pure.
    static std::string name_of(std::string_view file, std::string_view bytes);

    /// Holds `name` against being dropped. True when it is there already: store() is not needed.
    bool hold(const std::string& name);
    /// Writes it unless it is there. Blocks for the disk.
    Result<> store(const std::string& name, std::string_view file, std::string_view bytes);
    /// Ends one hold().
    void release(const std::string& name);

private:
    struct Entry {
        std::uint64_t bytes = 0;
        std::uint32_t holds = 0;
        bool stored = false;
        std::list<std::string>::iterator place;
    };
    void read_directory();
    Entry& entry(const std::string& name);
    void drop_oldest();

    std::string directory_;
    Bytes most_;
    std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
    std::list<std::string> by_use_;  // oldest first
    std::uint64_t total_ = 0;
    std::uint64_t next_stage_ = 0;
};

}  // namespace hotcell::environment
