// A package's way in memory: unpacked, and its stream read again.
#pragma once

#include <map>
#include <string>

#include "engine/environment/code/unpacked_stream.h"
#include "engine/programs/unpack/unpack.h"

namespace hotcell {

/// What a stream makes, as a map: "path" → "file 644:content", "file 755:content", "directory" or "link:target".
class MemoryTree final : public environment::TreeSink {
public:
    Result<> directory(const std::string& path) override { return put(path, "directory"); }
    Result<> file(const std::string& path, bool executable) override {
        return put(path, executable ? "file 755:" : "file 644:");
    }
    Result<> content(std::string_view bytes) override {
        entries.at(last_) += bytes;
        return {};
    }
    Result<> link(const std::string& path, const std::string& target) override { return put(path, "link:" + target); }

    std::map<std::string, std::string> entries;

private:
    Result<> put(const std::string& path, std::string what) {
        last_ = path;
        entries[path] = std::move(what);
        return {};
    }
    std::string last_;
};

inline Result<std::string> stream_of(std::string_view zip,
                                     const protocol::PackageLimits& limits = protocol::kPackageLimits) {
    std::string stream;
    TRY(unpack::unpack(
        zip,
        [&](std::string_view bytes) -> Result<> {
            stream += bytes;
            return {};
        },
        limits));
    return stream;
}

inline Result<std::map<std::string, std::string>> tree_of_stream(
    std::string_view stream, std::size_t step = 1 << 20,
    const protocol::PackageLimits& limits = protocol::kPackageLimits) {
    MemoryTree tree;
    environment::UnpackedStream reader(tree, limits);
    for (std::size_t at = 0; at < stream.size(); at += step) TRY(reader.add(stream.substr(at, step)));
    TRY(reader.finish());
    return tree.entries;
}

}  // namespace hotcell
