#include "engine/linux/files/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "engine/linux/raw/calls.h"
#include "engine/linux/syscall.h"

namespace hotcell::linux {

namespace fs = std::filesystem;

Result<std::string> read_file(const std::string& path, std::size_t most) {
    const int raw_fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (raw_fd < 0 && errno == ENOENT) return fail(ErrorKind::NotFound, "there is no file " + path);
    const UniqueFd fd(TRY(syscall("open " + path, [&] { return raw_fd; })));
    std::string text;
    char part[16384];
    for (;;) {
        const ssize_t n = TRY(syscall("read " + path, [&] { return ::read(fd.get(), part, sizeof part); }));
        if (n == 0) return text;
        text.append(part, static_cast<std::size_t>(n));
        if (text.size() > most)
            return fail(ErrorKind::InvalidArgument, path + " is longer than " + std::to_string(most) + " bytes");
    }
}

Result<std::string> read_small(int fd) {
    std::string text(4096, '\0');
    const ssize_t n = TRY(syscall("read a control file", [&] { return ::pread(fd, text.data(), text.size(), 0); }));
    text.resize(static_cast<std::size_t>(n));
    return text;
}

Result<> write_small(int fd, std::string_view text) {
    TRY(syscall("write a control file", [&] { return ::pwrite(fd, text.data(), text.size(), 0); }));
    return {};
}

Result<> write_new_file(const std::string& path, std::string_view bytes, std::uint32_t mode) {
    const int raw_fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (raw_fd < 0 && errno == EEXIST) return fail(ErrorKind::Conflict, path + " exists already");
    const UniqueFd fd(TRY(syscall("make " + path, [&] { return raw_fd; })));
    if (const long written = raw::write_all(fd.get(), bytes.data(), bytes.size()); written < 0)
        return fail_errno(static_cast<int>(-written), "write " + path);
    TRY(syscall("set the mode of " + path, [&] { return ::fchmod(fd.get(), mode); }));  // whatever the umask is
    TRY(syscall("sync " + path, [&] { return ::fsync(fd.get()); }));
    return {};
}

Result<> make_directories(const std::string& path, std::uint32_t mode) {
    for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
        const std::string part = path.substr(0, at);
        if (::mkdir(part.c_str(), 0755) == 0) {
            // only the last one gets `mode`: those above it must let everybody through to it
            const std::uint32_t wanted = at == std::string::npos ? mode : 0755;
            TRY(syscall("set the mode of " + part, [&] { return ::chmod(part.c_str(), wanted); }));
        } else if (errno != EEXIST) {
            return fail_errno(errno, "make directory " + part);
        }
        if (at == std::string::npos) return {};
    }
}

Result<> set_owner(const std::string& path, std::uint32_t uid, std::uint32_t gid) {
    TRY(syscall("give " + path + " to its owner", [&] { return ::lchown(path.c_str(), uid, gid); }));
    return {};
}

Result<> sync_directory(const std::string& path) {
    const UniqueFd fd(
        TRY(syscall("open " + path, [&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })));
    TRY(syscall("sync " + path, [&] { return ::fsync(fd.get()); }));
    return {};
}

Result<> rename_synced(const std::string& from, const std::string& to, const std::string& parent_of_to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        if (errno == EEXIST || errno == ENOTEMPTY) return fail(ErrorKind::Conflict, to + " exists already");
        return fail_errno(errno, "rename " + from + " to " + to);
    }
    return sync_directory(parent_of_to);
}

void remove_tree(const std::string& path) noexcept {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

std::uint64_t size_below(const std::string& path) noexcept {
    std::uint64_t total = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
        std::error_code ignored;
        if (!at->is_symlink(ignored) && at->is_regular_file(ignored)) total += at->file_size(ignored);
    }
    return total;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<std::vector<std::string>> list_directory(const std::string& path) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator at(path, error);
    if (error.value() == ENOENT) return fail(ErrorKind::NotFound, "there is no directory " + path);
    for (; !error && at != fs::directory_iterator(); at.increment(error))
        names.push_back(at->path().filename().string());
    if (error) return fail_errno(error.value(), "list " + path);
    std::sort(names.begin(), names.end());
    return names;
}

std::string absolute_path(const std::string& path) {
    std::error_code ignored;
    const fs::path whole = fs::absolute(path, ignored).lexically_normal();
    std::string text = whole.string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

std::string program_directory() {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    return error ? std::string() : program.parent_path().string();
}

Result<UniqueFd> lock_file(const std::string& path) {
    UniqueFd fd(TRY(syscall("open " + path, [&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); })));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
    if (errno == EWOULDBLOCK) return fail(ErrorKind::Conflict, "another engine holds " + path);
    return fail_errno(errno, "lock " + path);
}

Result<UniqueFd> seal_bytes(const char* name, std::string_view bytes) {
    UniqueFd fd(TRY(syscall("make a memfd", [&] { return ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); })));
    if (const long written = raw::write_all(fd.get(), bytes.data(), bytes.size()); written < 0)
        return fail_errno(static_cast<int>(-written), "write a memfd");
    TRY(syscall("seal a memfd", [&] {
        return ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    }));
    return fd;
}

Result<> allow_descriptors(std::uint64_t wanted) {
    rlimit limit{};
    TRY(syscall("read the limit of descriptors", [&] { return ::getrlimit(RLIMIT_NOFILE, &limit); }));
    if (limit.rlim_cur >= wanted) return {};
    if (limit.rlim_max < wanted)
        return fail(ErrorKind::Exhausted,
                    std::to_string(wanted) + " descriptors are needed, at most " + std::to_string(limit.rlim_max) +
                        " are allowed",
                    "raise the limit of open files (ulimit -n), or lower concurrent_runs and pooled_slots");
    limit.rlim_cur = wanted;
    TRY(syscall("raise the limit of descriptors", [&] { return ::setrlimit(RLIMIT_NOFILE, &limit); }));
    return {};
}

Result<std::uint64_t> allow_descriptors(std::uint64_t wanted, std::uint64_t more) {
    TRY(allow_descriptors(wanted));
    rlimit limit{};
    TRY(syscall("read the limit of descriptors", [&] { return ::getrlimit(RLIMIT_NOFILE, &limit); }));
    const std::uint64_t given = std::min<std::uint64_t>(more, (limit.rlim_max - wanted) / 2);
    TRY(allow_descriptors(wanted + given));
    return given;
}

std::uint64_t machine_memory() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string random_uuid() {
    unsigned char bytes[16];
    while (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {}
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    std::string text;
    for (int i = 0; i < 16; ++i) {
        char two[3];
        std::snprintf(two, sizeof two, "%02x", bytes[i]);
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += two;
    }
    return text;
}

bool is_root() { return ::geteuid() == 0; }

Result<> check_only_root_writes(const std::string& path) {
    struct stat seen {};
    TRY(syscall("look at " + path, [&] { return ::lstat(path.c_str(), &seen); }));
    if (seen.st_uid == 0 && (seen.st_mode & (S_IWGRP | S_IWOTH)) == 0 && !S_ISLNK(seen.st_mode)) return {};
    return fail(ErrorKind::InvalidArgument, path + ": belongs to somebody else than root, or others may write to it",
                "chown root and chmod go-w");
}

}  // namespace hotcell::linux
