#include "engine/linux/cgroup/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "engine/linux/syscall.h"

namespace hotcell::linux::cgroup {

namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

std::unexpected<Error> refused(std::string doing) {
    const int sys = errno;
    return fail_errno(sys, std::move(doing), hint_of(sys));
}

}  // namespace

std::string hint_of(int sys) {
    switch (sys) {
        case EROFS: return "the control group mount is read-only here; it must be writable";
        case EACCES:
        case EPERM: return "needs root with CAP_SYS_ADMIN in a group that may be written";
        case EAGAIN:
        case ENOSPC: return "the parent allows no more control groups, see cgroup.max.descendants and cgroup.max.depth";
        case ENOENT: return "the controller is not enabled here, see cgroup.controllers and cgroup.subtree_control";
        case EBUSY: return "processes are still in it";
        default: return {};
    }
}

Result<Directory> open_directory(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return refused("open " + path);
    return Directory{UniqueFd(fd), path};
}

Result<Directory> open_directory(const Directory& parent, const std::string& relative) {
    const std::string path = parent.path_of(relative);
    const int fd = ::openat(parent.fd.get(), relative.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return refused("open " + path);
    return Directory{UniqueFd(fd), path};
}

Result<Directory> make_directory(const Directory& parent, const std::string& name) {
    if (::mkdirat(parent.fd.get(), name.c_str(), 0755) != 0) {
        if (errno == EEXIST)
            return std::unexpected(Error{ErrorKind::Conflict, EEXIST, "make " + parent.path_of(name), {}});
        return refused("make " + parent.path_of(name));
    }
    auto made = open_directory(parent, name);
    if (!made) ::unlinkat(parent.fd.get(), name.c_str(), AT_REMOVEDIR);
    return made;
}

Result<> remove_directory(const Directory& parent, const std::string& name) {
    if (::unlinkat(parent.fd.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return refused("remove " + parent.path_of(name));
}

bool has_entry(const Directory& directory, const char* name) {
    return ::faccessat(directory.fd.get(), name, F_OK, 0) == 0;
}

Result<UniqueFd> open_file(const Directory& directory, const char* name, int flags) {
    const int fd = ::openat(directory.fd.get(), name, flags | O_CLOEXEC);
    if (fd < 0) return refused("open " + directory.path_of(name));
    return UniqueFd(fd);
}

Result<> write_file(const Directory& directory, const char* name, std::string_view text) {
    const UniqueFd file = TRY(open_file(directory, name, O_WRONLY));
    for (;;) {
        if (::write(file.get(), text.data(), text.size()) >= 0) return {};
        if (errno != EINTR) return refused("write \"" + std::string(text) + "\" to " + directory.path_of(name));
    }
}

Result<std::string> read_file(const Directory& directory, const char* name) {
    const UniqueFd file = TRY(open_file(directory, name, O_RDONLY));
    return read_all(file.get(), directory.path_of(name));
}

Result<std::string> read_all(int fd, const std::string& path) {
    std::string text;
    char part[4096];
    for (;;) {
        const ssize_t n = TRY(
            syscall("read " + path, [&] { return ::pread(fd, part, sizeof part, static_cast<off_t>(text.size())); }));
        if (n == 0) return text;
        text.append(part, static_cast<std::size_t>(n));
    }
}

Result<std::vector<std::string>> list_directories(const Directory& directory) {
    const int fd = ::openat(directory.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return refused("list " + directory.path);
    const std::unique_ptr<DIR, CloseDirectory> entries(::fdopendir(fd));
    if (!entries) return refused("list " + directory.path);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(entries.get()))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    return names;
}

}  // namespace hotcell::linux::cgroup
