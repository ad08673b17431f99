#include "engine/linux/files/tree_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <memory>

#include "engine/linux/syscall.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux {

namespace {

using Visit = std::function<Result<>(const TreeEntry&)>;

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<> walk(int directory, const std::string& prefix, const Visit& visit);

Result<> visit_file(int directory, const char* name, TreeEntry entry, const Visit& visit) {
    const UniqueFd file(TRY(
        syscall("open " + entry.path, [&] { return ::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC); })));
    entry.file = file.get();
    return visit(entry);
}

Result<> visit_directory(int directory, const char* name, TreeEntry entry, const Visit& visit) {
    const UniqueFd inner(TRY(syscall("open " + entry.path, [&] {
        return ::openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    })));
    entry.kind = TreeEntry::Kind::Directory;
    TRY(visit(entry));
    return walk(inner.get(), entry.path + "/", visit);
}

Result<> visit_link(int directory, const char* name, TreeEntry entry, const Visit& visit) {
    char target[PATH_MAX];
    const ssize_t n =
        TRY(syscall("read link " + entry.path, [&] { return ::readlinkat(directory, name, target, sizeof target); }));
    entry.kind = TreeEntry::Kind::Link;
    entry.target.assign(target, static_cast<std::size_t>(n));
    return visit(entry);
}

Result<> visit_entry(int directory, const char* name, const std::string& prefix, const Visit& visit) {
    TreeEntry entry;
    entry.path = prefix + name;
    struct stat seen {};
    TRY(syscall("look at " + entry.path, [&] { return ::fstatat(directory, name, &seen, AT_SYMLINK_NOFOLLOW); }));
    entry.mode = seen.st_mode & 07777u;
    if (S_ISREG(seen.st_mode)) {
        entry.size = static_cast<std::uint64_t>(seen.st_size);
        return visit_file(directory, name, std::move(entry), visit);
    }
    if (S_ISDIR(seen.st_mode)) return visit_directory(directory, name, std::move(entry), visit);
    if (S_ISLNK(seen.st_mode)) return visit_link(directory, name, std::move(entry), visit);
    return fail(ErrorKind::Broken, entry.path + " is neither file, directory nor link");
}

Result<> walk(int directory, const std::string& prefix, const Visit& visit) {
    const int copy = TRY(syscall("copy a descriptor", [&] { return ::fcntl(directory, F_DUPFD_CLOEXEC, 3); }));
    const std::unique_ptr<DIR, CloseDirectory> list(::fdopendir(copy));
    if (!list) {
        ::close(copy);
        return fail_errno(errno, "list " + prefix);
    }
    for (;;) {
        errno = 0;
        const dirent* const at = ::readdir(list.get());
        if (at == nullptr && errno != 0) return fail_errno(errno, "list " + prefix);
        if (at == nullptr) return {};
        const std::string name = at->d_name;
        if (name != "." && name != "..") TRY(visit_entry(directory, name.c_str(), prefix, visit));
    }
}

}  // namespace

Result<> walk_tree(const std::string& directory, const Visit& visit) {
    const int raw_fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (raw_fd < 0 && errno == ENOENT) return fail(ErrorKind::NotFound, "there is no directory " + directory);
    const UniqueFd top(TRY(syscall("open " + directory, [&] { return raw_fd; })));
    return walk(top.get(), "", visit);
}

Result<std::size_t> read_piece(int fd, char* into, std::size_t size) {
    return static_cast<std::size_t>(TRY(syscall("read a file", [&] { return ::read(fd, into, size); })));
}

}  // namespace hotcell::linux
