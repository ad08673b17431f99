#include "engine/linux/files/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/linux/raw/calls.h"
#include "engine/linux/syscall.h"

namespace hotcell::linux {

namespace {

int open_beneath(int directory, const std::string& path, std::uint64_t flags, std::uint64_t mode) {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
}

std::string last_part(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

}  // namespace

Result<Tree> Tree::open(const std::string& directory) {
    return Tree(UniqueFd(TRY(syscall("open " + directory, [&] {
        return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }))));
}

Result<UniqueFd> Tree::open_parent(std::string_view path, std::string_view doing) {
    const std::size_t slash = path.rfind('/');
    const std::string parent(slash == path.npos ? std::string_view(".") : path.substr(0, slash));
    return UniqueFd(TRY(syscall(std::string(doing) + ": open " + parent,
                                [&] { return open_beneath(root_.get(), parent, O_PATH | O_DIRECTORY, 0); })));
}

Result<> Tree::make_directory(const std::string& path) {
    for (std::size_t slash = path.find('/');; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        const std::string name = last_part(part);
        const UniqueFd parent = TRY(open_parent(part, "make directory " + path));
        if (::mkdirat(parent.get(), name.c_str(), 0755) == 0) {
            const UniqueFd made(TRY(syscall("open directory " + part, [&] {
                return open_beneath(parent.get(), name, O_RDONLY | O_DIRECTORY, 0);
            })));
            TRY(syscall("set the mode of " + part, [&] { return ::fchmod(made.get(), 0755); }));
        } else if (errno != EEXIST) {
            return fail_errno(errno, "make directory " + part);
        }
        if (slash == path.npos) break;
    }
    const UniqueFd there(TRY(
        syscall("open directory " + path, [&] { return open_beneath(root_.get(), path, O_PATH | O_DIRECTORY, 0); })));
    return {};
}

Result<UniqueFd> Tree::make_file(const std::string& path, std::uint32_t mode) {
    const int raw_fd = open_beneath(root_.get(), path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (raw_fd < 0 && errno == EEXIST) return fail(ErrorKind::Conflict, path + " exists already");
    UniqueFd fd(TRY(syscall("make " + path, [&] { return raw_fd; })));
    TRY(syscall("set the mode of " + path, [&] { return ::fchmod(fd.get(), mode); }));
    return fd;
}

Result<> Tree::remove_file(const std::string& path) {
    const UniqueFd parent = TRY(open_parent(path, "remove " + path));
    TRY(syscall("remove " + path, [&] { return ::unlinkat(parent.get(), last_part(path).c_str(), 0); }));
    return {};
}

Result<> Tree::adopt_file(const std::string& path, const std::string& from) {
    const UniqueFd parent = TRY(open_parent(path, "make " + path));
    const int made = ::linkat(AT_FDCWD, from.c_str(), parent.get(), last_part(path).c_str(), 0);
    if (made != 0 && errno == EEXIST) return fail(ErrorKind::Conflict, path + " exists already");
    if (made != 0) return fail_errno(errno, "make " + path + " of " + from);
    return {};
}

Result<> Tree::make_link(const std::string& path, const std::string& target) {
    const UniqueFd parent = TRY(open_parent(path, "make link " + path));
    const int made = ::symlinkat(target.c_str(), parent.get(), last_part(path).c_str());
    if (made != 0 && errno == EEXIST) return fail(ErrorKind::Conflict, path + " exists already");
    if (made != 0) return fail_errno(errno, "make link " + path);
    return {};
}

Result<> Tree::sync() {
    TRY(syscall("sync the file system of a tree", [&] { return ::syncfs(root_.get()); }));
    return {};
}

Result<> write_bytes(int fd, std::string_view bytes) {
    if (const long written = raw::write_all(fd, bytes.data(), bytes.size()); written < 0)
        return fail_errno(static_cast<int>(-written), "write a file");
    return {};
}

}  // namespace hotcell::linux
