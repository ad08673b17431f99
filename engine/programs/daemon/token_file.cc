#include "engine/programs/daemon/token_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/base/result.h"

namespace hotcell::daemon {

Result<std::string> read_token(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (error) return fail_errno(error.value(), "read the token, " + path);
    if ((status.permissions() & std::filesystem::perms::others_all) != std::filesystem::perms::none)
        return fail(ErrorKind::InvalidArgument, path + ": must not be readable or writable by others",
                    "chmod o= " + path);
    std::ifstream file(path);
    std::string token;
    if (!std::getline(file, token)) return fail(ErrorKind::InvalidArgument, path + ": has no line");
    const bool visible = std::ranges::all_of(token, [](unsigned char byte) { return byte > 0x20 && byte < 0x7f; });
    if (token.size() < 16 || token.size() > 256 || !visible)
        return fail(ErrorKind::InvalidArgument,
                    path + ": must be one line of 16..256 visible characters, not " + std::to_string(token.size()),
                    "head -c 24 /dev/urandom | base64 makes one");
    return token;
}

}  // namespace hotcell::daemon
