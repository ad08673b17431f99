// Code on disk, named by its content: what the warden mounts at a slot's /code and /opt. DIRECTORY/code/<name>/ holds an ad-hoc
// program's one file, the tree that a package was unpacked to, or several layers as one; the name is TreeListing::name().
//
// Here: store so that a name, once there, is whole (staged, synced, renamed); look at what an earlier life left before it is
// used; keep the total below a cap by dropping what was not used for longest. Not here: mounting.
// What is promised: the store belongs to the engine's own id, and nothing that runs in a sandbox can write to it. Whatever else
// changes a file there is noticed when its tree is used for the first time in an engine's life, not later in it.
// Threads: all methods, any thread.
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

    /// Holds `name` against being dropped. True when it is there and sound: neither store() nor verify() is needed.
    bool hold(const std::string& name);
    bool has(const std::string& name) const;
    std::string path_of(const std::string& name) const { return code_directory(directory_) + "/" + name; }
    bool is_sound(const std::string& name) const;
    /// Reads the tree, unless that was done in this life: NotFound when it is not there, Broken when it is not what its name
    /// says. Blocks for the disk.
    Result<> verify(const std::string& name);
    /// Writes it unless it is there and sound. Blocks for the disk.
    Result<> store(const std::string& name, std::string_view file, std::string_view bytes);
    /// A path below staging/ that nobody else gets: where a tree is made before store_tree().
    std::string stage();
    /// Gives a tree its name, unless the name is there and sound: then `staged_tree` is removed. The tree's files must be on the
    /// disk already, and `name` must be what they are (StagedTree::finish). On failure `staged_tree` is left to the caller.
    /// Blocks for the disk.
    Result<> store_tree(const std::string& name, const std::string& staged_tree);
    /// Ends one hold().
    void release(const std::string& name);

private:
    struct Entry {
        std::uint64_t bytes = 0;
        std::uint32_t holds = 0;
        bool stored = false;
        bool sound = false;  // looked at, or written, in this life
        std::list<std::string>::iterator place;
    };
    void read_directory();
    Entry& entry(const std::string& name);
    void drop_oldest();
    void drop(const std::string& name);
    void forget_broken(const std::string& name);

    std::string directory_;
    Bytes most_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
    std::list<std::string> by_use_;  // oldest first
    std::uint64_t total_ = 0;
    std::uint64_t next_stage_ = 0;
};

}  // namespace hotcell::environment
