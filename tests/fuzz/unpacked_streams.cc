// libFuzzer target: what a captured hotcell-unpack could say. Whatever reaches the disk is a plain path below it, links stay
// inside, nothing lies below a link, and the sizes are those that were said.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/unit/package/read_back.h"

namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

void check_tree(const std::map<std::string, std::string>& tree) {
    for (const auto& [path, what] : tree) {
        must(hotcell::protocol::check_entry_path(path).has_value());
        if (what.starts_with("link:"))
            must(hotcell::protocol::check_link_target(path, std::string_view(what).substr(5)).has_value());
        for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
            const auto above = tree.find(path.substr(0, slash));
            must(above == tree.end() || above->second == "directory");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view stream(reinterpret_cast<const char*>(data), size);
    hotcell::MemoryTree tree;
    hotcell::environment::UnpackedStream reader(tree);
    const std::size_t half = size / 2;
    const bool good = reader.add(stream.substr(0, half)) && reader.add(stream.substr(half));
    const auto totals = reader.finish();
    must(good || !totals);
    check_tree(tree.entries);
    if (totals) must(totals->entries == tree.entries.size() && totals->bytes <= size);
    must(hotcell::tree_of_stream(stream, 3).has_value() == totals.has_value());
    return 0;
}
