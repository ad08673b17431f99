#include "engine/programs/daemon/key_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/result.h"

namespace hotcell::daemon {

namespace {

constexpr std::uintmax_t kMostBytes = 1 << 20;

}  // namespace

Result<std::shared_ptr<const api::signing::KeyRing>> read_keys(const std::string& path) {
    auto keys = std::make_shared<api::signing::KeyRing>();
    if (path.empty()) return keys;
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    const auto size = error ? 0 : std::filesystem::file_size(path, error);
    if (error) return fail_errno(error.value(), "read the access keys, " + path);
    using enum std::filesystem::perms;
    if ((status.permissions() & (group_all | others_all)) != none)
        return fail(ErrorKind::InvalidArgument, path + ": must not be readable or writable by others than its owner",
                    "chmod go= " + path);
    if (size > kMostBytes)
        return fail(ErrorKind::InvalidArgument,
                    path + ": at most " + std::to_string(kMostBytes) + " bytes, not " + std::to_string(size));
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) return fail(ErrorKind::InvalidArgument, path + ": cannot be read");
    TRY_IN(path, keys->add_lines(text));
    if (keys->size() == 0) return fail(ErrorKind::InvalidArgument, path + ": has no key", "a line is ID SECRET");
    return keys;
}

}  // namespace hotcell::daemon
