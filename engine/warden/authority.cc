#include "engine/warden/authority.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstring>
#include <memory>
#include <string>

#include "engine/linux/capabilities/capabilities.h"
#include "engine/linux/mounts/mount.h"
#include "engine/linux/raw/calls.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/linux/seccomp/compile.h"
#include "engine/linux/seccomp/install.h"
#include "engine/linux/syscall.h"
#include "engine/protocol/front_builder.h"
#include "engine/protocol/warden_config.h"
#include "engine/sandbox/seccomp_profiles/profiles.h"
#include "engine/warden/builder/builder.h"
#include "engine/warden/builder/root_tree.h"
#include "engine/warden/fast/fast_lane.h"

namespace hotcell::warden {

namespace raw = linux::raw;
using linux::syscall;
using linux::UniqueFd;

namespace {

/// How long an earlier life may take to end: a stuck builder is killed after ten seconds (fast_lane.cc).
constexpr std::uint32_t kPatienceMs = 15'000;

Result<protocol::WardenConfig> read_config() {
    constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    const int seals = TRY(
        syscall("read the seals of the configuration", [] { return ::fcntl(protocol::kWardenConfigFd, F_GET_SEALS); }));
    if ((seals & kSeals) != kSeals) return fail(ErrorKind::Broken, "the configuration is not sealed");
    protocol::WardenConfig config;
    const ssize_t n = TRY(syscall("read the configuration",
                                  [&] { return ::pread(protocol::kWardenConfigFd, &config, sizeof config, 0); }));
    if (n != static_cast<ssize_t>(sizeof config) || config.version != protocol::kWardenConfigVersion)
        return fail(ErrorKind::Broken, "the configuration is of another build of hotcell");
    if (config.bind_count > protocol::kMostBinds || config.runtime_count > protocol::kMostRuntimes ||
        config.id_base < 100'000)
        return fail(ErrorKind::InvalidArgument, "the configuration has a number out of range");
    return config;
}

/// hotcell-init as bytes that no file on disk can change any more.
Result<UniqueFd> load_init_image(const char* path) {
    const UniqueFd file(TRY(syscall(std::string("open ") + path, [&] { return ::open(path, O_RDONLY | O_CLOEXEC); })));
    struct stat seen {};
    TRY(syscall(std::string("look at ") + path, [&] { return ::fstat(file.get(), &seen); }));
    UniqueFd image(
        TRY(syscall("make a memfd", [] { return ::memfd_create("hotcell-init", MFD_CLOEXEC | MFD_ALLOW_SEALING); })));
    char part[65536];
    for (;;) {
        const ssize_t n =
            TRY(syscall(std::string("read ") + path, [&] { return ::read(file.get(), part, sizeof part); }));
        if (n == 0) break;
        if (const long written = raw::write_all(image.get(), part, static_cast<std::size_t>(n)); written < 0)
            return fail_errno(static_cast<int>(-written), "copy hotcell-init");
    }
    TRY(syscall("seal hotcell-init", [&] {
        return ::fcntl(image.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    }));
    return image;
}

Result<UniqueFd> open_directory(const char* path) {
    return UniqueFd(
        TRY(syscall(std::string("open ") + path, [&] { return ::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); })));
}

Result<UniqueFd> open_namespace(int proc, const char* path) {
    return UniqueFd(
        TRY(syscall(std::string("open /proc/") + path, [&] { return ::openat(proc, path, O_RDONLY | O_CLOEXEC); })));
}

/// What signals and the terminal say is for the front: it decides, and its end is seen on the pipes.
void leave_the_terminal() {
    (void)::setsid();
    ::umask(022);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE}) (void)::signal(signal, SIG_IGN);
}

void set_name(const char* name) { (void)::prctl(PR_SET_NAME, name, 0, 0, 0); }

Result<> lock_warden() {
    TRY(linux::keep_only({CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_KILL}));
    TRY(linux::forbid_new_privileges());
    const auto filter = TRY(linux::seccomp::compile(sandbox::warden_profile()));
    return linux::seccomp::install(filter);
}

Result<> lock_builder(const sandbox::OmittedSteps& omitted) {
    TRY(linux::keep_only({CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
                          CAP_KILL, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_NET_ADMIN, CAP_CHOWN, CAP_FOWNER}));
    // inherited by every sandbox, whose own step then changes nothing
    if (!omitted.contains(protocol::Step::BuilderFilter)) TRY(linux::forbid_new_privileges());
    if (omitted.contains(protocol::Step::BuilderFilter)) return {};
    const auto filter = TRY(linux::seccomp::compile(sandbox::builder_profile()));
    return linux::seccomp::install(filter);
}

/// Everything that is done once, as both privileged processes in one.
struct Ground {
    Workshop shop;
    UniqueFd store;
    UniqueFd own_mounts;
    protocol::Hello hello{};
};

Result<> prepare(Ground& ground, const sandbox::OmittedSteps& omitted) {
    Workshop& shop = ground.shop;
    shop.config = TRY(read_config());
    ::close(protocol::kWardenConfigFd);
    shop.omitted = omitted;
    shop.init_image = TRY(load_init_image(shop.config.init_path));
    TRY(linux::unshare_mounts());
    // opened here and not before: a mount may only be cloned from the mount namespace one is in (open_tree(2))
    shop.proc = TRY(open_directory("/proc"));
    ground.store = TRY(open_directory(shop.config.store_dir));
    shop.groups =
        TRY_IN("control groups",
               linux::cgroup::Tree::open(shop.config.instance, {.driver = std::nullopt, .patience_ms = kPatienceMs}));
    ground.own_mounts = TRY(open_namespace(shop.proc.get(), "self/ns/mnt"));
    shop.own_network = TRY(open_namespace(shop.proc.get(), "self/ns/net"));
    shop.root_trees = TRY(make_root_trees(shop.config, shop.proc.get()));
    shop.filters = TRY(sandbox::compile_filters());
    const long abi = raw::call(SYS_landlock_create_ruleset, nullptr, 0UL, LANDLOCK_CREATE_RULESET_VERSION);
    ground.hello.landlock_abi = abi > 0 ? static_cast<std::uint32_t>(abi) : 0;
    if (ground.hello.landlock_abi < shop.config.require_landlock)
        return fail(ErrorKind::Kernel, "Landlock ABI " + std::to_string(shop.config.require_landlock) +
                                           " is required, the kernel offers " +
                                           std::to_string(ground.hello.landlock_abi));
    ground.hello.swept = shop.groups->swept();
    std::strncpy(ground.hello.cgroup_driver, shop.groups->driver_name(), sizeof ground.hello.cgroup_driver - 1);
    std::strncpy(ground.hello.text, shop.groups->remarks().c_str(), sizeof ground.hello.text - 1);
    return {};
}

/// The front hears why nothing will be built, then sees the pipes end.
int give_up(const Error& error) {
    protocol::Hello hello{};
    hello.failed = 1;
    std::strncpy(hello.text, error.message().c_str(), sizeof hello.text - 1);
    (void)raw::send_with_fds(protocol::kFrontBuilderFd, &hello, sizeof hello, nullptr, 0);
    return 1;
}

int be_builder(Ground& ground, UniqueFd pipe) {
    set_name("hotcell-builder");
    // its memory is shared with the first moments of each sandbox's pid 1 (builder/sandbox_build.cc)
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return give_up(Error{ErrorKind::Kernel, errno, "make the builder undumpable", {}});
    ::close(protocol::kFrontWardenFd);
    ground.store.reset();
    if (auto locked = lock_builder(ground.shop.omitted); !locked)
        return give_up(std::move(locked).error().in("lock the builder"));
    // one byte from the warden: it is locked too. Its end instead: it could not be.
    char byte = 0;
    if (raw::read_all(pipe.get(), &byte, 1) < 0)
        return give_up(Error{ErrorKind::Broken, 0, "the warden did not come up", {}});
    if (raw::send_with_fds(protocol::kFrontBuilderFd, &ground.hello, sizeof ground.hello, nullptr, 0) < 0) return 1;
    return Builder(std::move(ground.shop), UniqueFd(protocol::kFrontBuilderFd), std::move(pipe)).serve();
}

int be_warden(Ground& ground, UniqueFd pipe, UniqueFd builder) {
    set_name("hotcell-warden");
    ::close(protocol::kFrontBuilderFd);
    UniqueFd proc = std::move(ground.shop.proc);
    UniqueFd store = std::move(ground.store);
    UniqueFd own_mounts = std::move(ground.own_mounts);
    ground.shop = {};
    if (auto locked = lock_warden(); !locked) return 1;
    if (raw::write_all(pipe.get(), "w", 1) < 0) return 1;
    return FastLane(UniqueFd(protocol::kFrontWardenFd), std::move(pipe), std::move(builder), std::move(store),
                    std::move(own_mounts), std::move(proc))
        .serve();
}

}  // namespace

int run_authority(const sandbox::OmittedSteps& omitted) {
    leave_the_terminal();
    for (const int fd : {protocol::kFrontWardenFd, protocol::kFrontBuilderFd}) (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)raw::close_range(protocol::kFrontBuilderFd + 1, ~0U, 0);
    auto ground = std::make_unique<Ground>();
    if (auto done = prepare(*ground, omitted); !done) {
        if (ground->shop.groups) (void)ground->shop.groups->destroy();
        return give_up(done.error());
    }
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return give_up(Error{ErrorKind::Kernel, errno, "make the pipe between warden and builder", {}});
    UniqueFd to_builder(pair[0]);
    UniqueFd to_warden(pair[1]);
    const pid_t builder = ::fork();
    if (builder < 0) return give_up(Error{ErrorKind::Kernel, errno, "fork the builder", {}});
    if (builder == 0) {
        to_builder.reset();
        return be_builder(*ground, std::move(to_warden));
    }
    to_warden.reset();
    const long pidfd = raw::call(SYS_pidfd_open, builder, 0);
    if (pidfd < 0) return 1;  // the builder sees the end of its pipe
    return be_warden(*ground, std::move(to_builder), UniqueFd(static_cast<int>(pidfd)));
}

}  // namespace hotcell::warden
