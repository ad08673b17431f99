#include "engine/programs/cli/package_size.h"

#include <fmt/format.h>

#include <algorithm>

namespace hotcell::cli {

namespace {

constexpr std::size_t kNamed = 3;

/// Digits enough that what is beyond a limit does not look as if it were not.
std::string shown(std::uint64_t bytes) { return fmt::format("{:.2f} MiB", static_cast<double>(bytes) / (1 << 20)); }

}  // namespace

Outcome<void> check_size(const std::string& path, const std::string& what, std::uint64_t bytes, std::uint64_t most,
                         std::vector<SizedFile> files) {
    if (bytes <= most) return {};
    Failure failure{
        kRefused, "EntityTooLarge",
        fmt::format("{}: {} {} ({} bytes), at most {} are allowed", path, what, shown(bytes), bytes, shown(most)),
        "name what the function does not need in .fcignore, or put it into a layer"};
    std::ranges::sort(files, std::ranges::greater{}, &SizedFile::bytes);
    if (files.size() > kNamed) files.resize(kNamed);
    for (const SizedFile& file : files)
        failure.message +=
            fmt::format("{}{} {}", &file == files.data() ? "; largest: " : ", ", file.name, shown(file.bytes));
    return std::unexpected(std::move(failure));
}

}  // namespace hotcell::cli
