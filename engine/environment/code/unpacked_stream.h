// What hotcell-unpack says, read as it comes and believed in nothing: it ran inside a sandbox, beside a stranger's zip.
//
// Here: the form of the stream and, once more, every rule of paths, links, sizes and counts. Not here: the disk
// (staged_tree.h). Threads: an object stays with one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/protocol/package/entry_paths.h"
#include "engine/protocol/package/limits.h"
#include "engine/protocol/package/unpacked.h"

namespace hotcell::environment {

/// Who makes the tree. A call that fails ends the reading.
class TreeSink {
public:
    virtual ~TreeSink() = default;
    virtual Result<> directory(const std::string& path) = 0;
    /// The `content` calls that follow are its bytes, until the next call of another name.
    virtual Result<> file(const std::string& path, bool executable) = 0;
    virtual Result<> content(std::string_view bytes) = 0;
    virtual Result<> link(const std::string& path, const std::string& target) = 0;
};

struct UnpackedTotals {
    std::uint32_t entries = 0;
    std::uint64_t bytes = 0;
};

class UnpackedStream {
public:
    explicit UnpackedStream(TreeSink& sink, const protocol::PackageLimits& limits = protocol::kPackageLimits)
        : sink_(sink), limits_(limits), paths_(limits) {}

    /// The next bytes, cut anywhere. Broken for a stream out of form, InvalidArgument for a tree out of rule, and what the
    /// sink says; once failed, every later call says the same.
    Result<> add(std::string_view bytes);
    /// Call when the stream has ended: Broken unless it was whole.
    Result<UnpackedTotals> finish();

private:
    enum class Part : std::uint8_t { Head, Entry, Path, Content, Target, Done };
    Result<> step(std::string_view& bytes);
    Result<> on_head();
    Result<> on_entry();
    Result<> on_path();
    Result<> on_target();
    void expect(Part part, std::size_t size);

    TreeSink& sink_;
    const protocol::PackageLimits limits_;
    protocol::EntryPaths paths_;
    Part part_ = Part::Head;
    std::string field_;  // what is being put together, `wanted_` bytes when whole
    std::size_t wanted_ = sizeof(protocol::UnpackedHead);
    protocol::UnpackedEntry entry_{};
    std::string path_;
    std::uint64_t content_left_ = 0;
    UnpackedTotals totals_;
    Result<> failed_;
};

}  // namespace hotcell::environment
