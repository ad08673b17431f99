#include "engine/programs/cli/files.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace hotcell::cli {

Outcome<std::string> read_stream(std::FILE* stream, const std::string& name, const ReadStatuses& statuses) {
    std::string bytes;
    std::array<char, 64 << 10> block;
    while (const auto count = std::fread(block.data(), 1, block.size(), stream)) bytes.append(block.data(), count);
    if (std::ferror(stream) != 0)
        return std::unexpected(Failure{statuses.unreadable, "InvalidArgument", name + ": " + std::strerror(errno)});
    return bytes;
}

Outcome<std::string> read_file(const std::string& path, const ReadStatuses& statuses) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
    if (!file)
        return std::unexpected(Failure{errno == ENOENT ? statuses.missing : statuses.unreadable, "InvalidArgument",
                                       path + ": " + std::strerror(errno)});
    return read_stream(file.get(), path, statuses);
}

}  // namespace hotcell::cli
