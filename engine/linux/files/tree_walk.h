// Everything below one directory, in no particular order: no link is followed, nothing outside is looked at.
//
// Threads: free functions, any. Kernel: openat(2) with O_NOFOLLOW, fdopendir(3), fstatat(2), readlinkat(2).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/base/result.h"

namespace hotcell::linux {

struct TreeEntry {
    enum class Kind : std::uint8_t { File, Directory, Link } kind = Kind::File;
    std::string path;  // relative to the top
    std::uint32_t mode = 0;
    std::uint64_t size = 0;  // of a file
    int file = -1;           // of a file: open for reading while the visitor is called
    std::string target;      // of a link
};

/// Ends at the visitor's first error and returns it. NotFound when there is no such directory, Broken for an entry that is
/// neither file, directory nor link.
Result<> walk_tree(const std::string& directory, const std::function<Result<>(const TreeEntry&)>& visit);

/// The next bytes of an open file; 0 at its end.
Result<std::size_t> read_piece(int fd, char* into, std::size_t size);

}  // namespace hotcell::linux
