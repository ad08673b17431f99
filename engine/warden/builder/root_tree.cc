#include "engine/warden/builder/root_tree.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstring>
#include <string>
#include <utility>

#include "engine/linux/mounts/mount.h"
#include "engine/linux/raw/calls.h"
#include "engine/linux/syscall.h"

namespace hotcell::warden {

using linux::syscall;
using linux::UniqueFd;

namespace {

Result<> make_directories(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        const std::string parent = path.substr(0, at);
        if (::mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(errno, "make " + parent);
    }
    return {};
}

Result<> make_directory(const std::string& path, mode_t mode) {
    TRY(make_directories(path));
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail_errno(errno, "make directory " + path);
    TRY(syscall("set the mode of " + path, [&] { return ::chmod(path.c_str(), mode); }));
    return {};
}

Result<> make_file(const std::string& path) {
    TRY(make_directories(path));
    const int fd =
        TRY(syscall("make file " + path, [&] { return ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0444); }));
    ::close(fd);
    return {};
}

Result<> show(const protocol::Bind& bind, const std::string& root) {
    const std::string target = root + "/" + bind.target;
    if (bind.link != 0) {
        TRY(make_directories(target));
        TRY(syscall("link " + target, [&] { return ::symlink(bind.source, target.c_str()); }));
        return {};
    }
    struct stat source {};
    if (::stat(bind.source, &source) != 0) {
        if (errno == ENOENT && bind.optional != 0) return {};
        return fail_errno(errno, std::string("look at ") + bind.source);
    }
    TRY(S_ISDIR(source.st_mode) ? make_directory(target, 0755) : make_file(target));
    const UniqueFd tree = TRY(linux::clone_tree(AT_FDCWD, bind.source));
    // a device node stays usable on a read-only mount; everything else loses devices too
    const std::uint64_t kind = S_ISCHR(source.st_mode) ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV;
    TRY(linux::set_mount_attributes(tree.get(), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | kind));
    return linux::attach_tree(tree.get(), AT_FDCWD, target);
}

bool sees(const protocol::Bind& bind, std::uint32_t runtime) { return (bind.runtimes >> runtime & 1) != 0; }

bool see_the_same(const protocol::WardenConfig& config, std::uint32_t one, std::uint32_t other) {
    for (std::uint32_t i = 0; i < config.bind_count; ++i)
        if (sees(config.binds[i], one) != sees(config.binds[i], other)) return false;
    return true;
}

Result<> build_tree(const protocol::WardenConfig& config, std::uint32_t runtime, const std::string& root) {
    TRY(linux::unshare_mounts());
    TRY(linux::mount_new("tmpfs", root, MS_NOSUID | MS_NODEV, "mode=755,size=1m,nr_inodes=1024"));
    for (const char* name : {"proc", "dev", "code", "opt", "rw", ".mask/directory"})
        TRY(make_directory(root + "/" + name, 0755));
    TRY(make_directory(root + "/rw/tmp", 01777));
    TRY(make_file(root + "/.mask/file"));
    for (std::uint32_t i = 0; i < config.bind_count; ++i)
        if (sees(config.binds[i], runtime))
            TRY_IN(std::string("show ") + config.binds[i].source, show(config.binds[i], root));
    // the one /proc that is not masked: a user namespace may mount its own only where it sees one like it (proc(5))
    TRY(linux::mount_new("proc", root + "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""));
    TRY(syscall("make the root tree read-only", [&] {
        return ::mount(nullptr, root.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
                       nullptr);
    }));
    return linux::pivot_into(root);
}

/// What the helper says when it is done: empty text = the tree stands.
struct Word {
    int sys;
    char text[400];
};

[[noreturn]] void be_helper(const protocol::WardenConfig& config, std::uint32_t runtime, const std::string& root,
                            int say, int wait) {
    Word word{};
    if (auto built = build_tree(config, runtime, root); !built) {
        word.sys = built.error().sys;
        std::strncpy(word.text, built.error().doing.c_str(), sizeof word.text - 1);
    }
    (void)linux::raw::write_all(say, &word, sizeof word);
    char byte;
    (void)linux::raw::read_all(wait, &byte, 1);  // until the parent holds the namespace
    ::_exit(0);
}

Result<UniqueFd> make_root_tree(const protocol::WardenConfig& config, std::uint32_t runtime, int proc) {
    const std::string root = std::string(config.run_dir) + "/root";
    if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, "make " + root);
    int say[2];
    int wait[2];
    TRY(syscall("make a pipe", [&] { return ::pipe2(say, O_CLOEXEC); }));
    const UniqueFd say_read(say[0]);
    UniqueFd say_write(say[1]);
    TRY(syscall("make a pipe", [&] { return ::pipe2(wait, O_CLOEXEC); }));
    UniqueFd wait_read(wait[0]);
    UniqueFd wait_write(wait[1]);
    const pid_t helper = TRY(syscall("fork the root tree's helper", [] { return ::fork(); }));
    if (helper == 0) {
        wait_write.reset();
        be_helper(config, runtime, root, say_write.get(), wait_read.get());
    }
    say_write.reset();
    Word word{};
    const long heard = linux::raw::read_all(say_read.get(), &word, sizeof word);
    const std::string path = std::to_string(helper) + "/ns/mnt";
    const int table = ::openat(proc, path.c_str(), O_RDONLY | O_CLOEXEC);
    const int table_error = errno;
    wait_write.reset();
    ::waitpid(helper, nullptr, 0);
    UniqueFd result(table);
    if (heard < 0) return fail(ErrorKind::Broken, "make the root tree: the helper ended early");
    if (word.text[0] != '\0')
        return word.sys != 0
                   ? Result<UniqueFd>(fail_errno(word.sys, std::string("make the root tree: ") + word.text))
                   : Result<UniqueFd>(fail(ErrorKind::Broken, std::string("make the root tree: ") + word.text));
    if (!result) return fail_errno(table_error, "open the root tree's mount namespace");
    return result;
}

}  // namespace

Result<std::vector<UniqueFd>> make_root_trees(const protocol::WardenConfig& config, int proc) {
    std::vector<UniqueFd> trees;
    for (std::uint32_t runtime = 0; runtime < config.runtime_count; ++runtime) {
        std::uint32_t same = 0;
        while (same < runtime && !see_the_same(config, same, runtime)) ++same;
        if (same == runtime)
            trees.push_back(TRY_IN(config.runtimes[runtime].name, make_root_tree(config, runtime, proc)));
        else
            trees.emplace_back(
                TRY(syscall("duplicate a descriptor", [&] { return ::fcntl(trees[same].get(), F_DUPFD_CLOEXEC, 0); })));
    }
    return trees;
}

}  // namespace hotcell::warden
