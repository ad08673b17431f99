// Which paths a package may have, alone and together. Pure; shared by the program that unpacks inside a sandbox and by the
// front, which believes nothing that comes out of a sandbox.
//
// Threads: an EntryPaths stays with one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/result.h"
#include "engine/protocol/package/limits.h"

namespace hotcell::protocol {

/// A path in words that are safe to print: at most 120 bytes, what is not printable ASCII or UTF-8 replaced.
std::string printable(std::string_view path);

/// A relative path of plain parts: UTF-8, no empty part, ".", "..", backslash, control character or drive letter, within
/// the limits of length and depth. InvalidArgument with the path and what is wrong with it.
Result<> check_entry_path(std::string_view path, const PackageLimits& limits = kPackageLimits);

/// A link's target, read at the link's place, stays inside: relative, ".." only at its beginning and not further up than
/// the link lies deep. So no chain of such links leaves either: each starts at its own real directory.
Result<> check_link_target(std::string_view link, std::string_view target,
                           const PackageLimits& limits = kPackageLimits);

/// The paths of one package together.
class EntryPaths {
public:
    explicit EntryPaths(const PackageLimits& limits = kPackageLimits) : limits_(limits) {}

    /// Checks `path` by itself, and against those before it: one entry a path, compared without the case of ASCII letters;
    /// only directories have something below them; not more than limits.entries. InvalidArgument.
    Result<> add(std::string_view path, bool is_directory);
    std::uint32_t count() const { return static_cast<std::uint32_t>(nodes_.size()); }

private:
    struct Node {
        std::uint32_t number;   // its own, 1 and up
        std::uint64_t spelled;  // a hash of the name as it was spelled
        bool directory;
        bool implied;  // no entry of its own so far
    };
    /// The number of the node of this name below node `parent`, new or known.
    Result<std::uint32_t> add_node(std::string_view path, std::uint32_t parent, std::string_view name, bool directory,
                                   bool implied);

    const PackageLimits limits_;
    std::unordered_map<std::string, Node> nodes_;  // by the parent's number and the folded name
};

}  // namespace hotcell::protocol
