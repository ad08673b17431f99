#include "engine/warden/builder/domain.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <iterator>
#include <string>

#include "engine/base/clock.h"
#include "engine/linux/process/pidfd.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/linux/syscall.h"
#include "engine/protocol/forker.h"
#include "engine/warden/builder/pipes.h"

namespace hotcell::warden {

namespace cgroup = linux::cgroup;
using linux::UniqueFd;
using protocol::FdRole;
using protocol::InitChild;
using protocol::Step;

namespace {

constexpr std::uint64_t kForkerTmpBytes = 16 << 20;

void fail_reply(BuiltReply& reply, Step step, const Error& error) {
    reply.reply.failure = {static_cast<std::uint32_t>(step), error.sys != 0 ? error.sys : EIO};
    reply.fds.clear();
    reply.reply.fd_count = 0;
}

void add_steps(BuiltReply& reply, const std::vector<protocol::StepTime>& steps) {
    for (const protocol::StepTime& step : steps)
        if (reply.reply.step_count < protocol::kMostSteps) reply.reply.steps[reply.reply.step_count++] = step;
}

class Stopwatch {
public:
    explicit Stopwatch(BuiltReply& reply) : reply_(reply) {}
    void mark(Step step) {
        const std::uint64_t now = monotonic_ns();
        add_steps(reply_, {{static_cast<std::uint16_t>(step), 0, static_cast<std::uint32_t>(now - last_)}});
        last_ = now;
    }
    void skip() { last_ = monotonic_ns(); }

private:
    BuiltReply& reply_;
    std::uint64_t last_ = monotonic_ns();
};

void hand_over_attach_fds(const cgroup::Group& group, SandboxBuild& build) {
    int number = protocol::kFirstAttachFd;
    for (const int fd : group.attach_fds()) build.descriptors.emplace_back(fd, number++);
}

/// Descriptors of the group that the front may have: nothing that moves processes.
void add_group_fds(cgroup::Group& group, BuiltReply& reply) {
    const std::pair<cgroup::GroupFile, FdRole> kFiles[] = {
        {cgroup::GroupFile::MemoryLimit, FdRole::MemoryLimit}, {cgroup::GroupFile::SwapLimit, FdRole::SwapLimit},
        {cgroup::GroupFile::CpuWeight, FdRole::CpuWeight},     {cgroup::GroupFile::Freeze, FdRole::Freeze},
        {cgroup::GroupFile::PeakMemory, FdRole::PeakMemory},   {cgroup::GroupFile::MemoryEvents, FdRole::MemoryEvents},
        {cgroup::GroupFile::OomEvent, FdRole::OomEvent}};
    for (const auto& [file, role] : kFiles)
        if (UniqueFd fd = group.take(file)) reply.add(role, std::move(fd));
}

SandboxBuild start_build(const Workshop& shop, std::uint32_t runtime) {
    SandboxBuild build;
    build.proc = shop.proc.get();
    build.init_image = shop.init_image.get();
    build.own_network = shop.own_network.get();
    build.root_tree = shop.root_trees[runtime].get();
    return build;
}

}  // namespace

void BuiltReply::add(FdRole role, UniqueFd fd) {
    reply.fd_roles[reply.fd_count++] = static_cast<std::uint8_t>(role);
    fds.push_back(std::move(fd));
}

std::optional<Domain> build_domain(Workshop& shop, const protocol::BuildDomain& request, IdBlock ids,
                                   BuiltReply& reply) {
    const protocol::RuntimeRecipe& recipe = shop.config.runtimes[request.runtime];
    Stopwatch watch(reply);
    auto group = shop.groups->create("domain-" + std::to_string(request.domain),
                                     {.memory = Bytes{recipe.forker_memory_bytes}, .pids = 64, .cpu_weight = 100});
    if (!group) return fail_reply(reply, Step::MakeCgroup, group.error()), std::nullopt;
    watch.mark(Step::MakeCgroup);
    const auto give_up = [&](Step step, const Error& error) {
        fail_reply(reply, step, error);
        shop.doomed.push_back(std::move(*group));
        return std::nullopt;
    };

    const std::uint32_t user = ids.domain_base() + HC_USER_ID;
    auto out = make_pipe(Direction::FromProgram, user);
    auto err = make_pipe(Direction::FromProgram, user);
    auto status = make_socketpair(SOCK_SEQPACKET);
    auto control = make_socketpair(SOCK_SEQPACKET);
    auto arm = make_socketpair(SOCK_SEQPACKET);
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!out || !err || !status || !control || !arm || !null)
        return give_up(Step::MakePipes, Error{ErrorKind::Kernel, EMFILE, "make the pipes of a domain", {}});
    watch.mark(Step::MakePipes);

    SandboxBuild build = start_build(shop, request.runtime);
    build.id_map = "0 " + std::to_string(ids.domain_base()) + " 65536\n" + std::to_string(ids.slots_base()) + " " +
                   std::to_string(ids.slots_base()) + " " + std::to_string(ids.slot_id_count()) + "\n";
    sandbox::SandboxSpec spec;
    spec.child = recipe.has_forker != 0 ? InitChild::Forker : InitChild::None;
    spec.attach_fds = static_cast<std::uint32_t>(group->attach_fds().size());
    spec.tmp_bytes = kForkerTmpBytes;
    spec.tmp_inodes = 1024;
    spec.require_landlock = shop.config.require_landlock;
    for (std::uint32_t i = 0; i < recipe.argument_count; ++i) spec.arguments.emplace_back(recipe.arguments[i]);
    for (std::uint32_t i = 0; i < recipe.environment_count; ++i) spec.environment.emplace_back(recipe.environment[i]);
    const auto plan = sandbox::make_init_plan(spec, shop.filters, shop.omitted);
    build.plan = plan;
    build.descriptors = {{null.get(), 0},
                         {out->theirs.get(), 1},
                         {err->theirs.get(), 2},
                         {control->theirs.get(), protocol::kChannelFd},
                         {status->theirs.get(), protocol::kStatusFd},
                         {arm->theirs.get(), protocol::kArmFd}};
    hand_over_attach_fds(*group, build);
    BuildOutcome outcome = build_sandbox(build);
    add_steps(reply, outcome.sandbox.steps);
    if (outcome.failure.step != 0) {
        const auto step = static_cast<Step>(outcome.failure.step);
        return give_up(step, Error{ErrorKind::Kernel, outcome.failure.sys, "build a domain", {}});
    }
    reply.reply.host_id = ids.domain_base();
    reply.reply.child_pid = outcome.sandbox.report.child_pid;
    reply.reply.landlock_abi = outcome.sandbox.report.landlock_abi;
    reply.add(FdRole::Status, std::move(status->ours));
    reply.add(FdRole::Stdout, std::move(out->ours));
    reply.add(FdRole::Stderr, std::move(err->ours));
    if (recipe.has_forker != 0) reply.add(FdRole::Control, std::move(control->ours));
    return Domain{request.domain,       request.runtime,   std::move(outcome.sandbox.init),
                  std::move(arm->ours), std::move(*group), std::move(ids)};
}

namespace {

constexpr const char* kNamespaces[] = HC_ARM_NAMESPACES;
constexpr std::size_t kNamespaceCount = std::size(kNamespaces);
static_assert(kNamespaceCount == HC_ARM_CHANNEL &&
              static_cast<int>(HC_ARM_ATTACH) + static_cast<int>(HC_MOST_ATTACH_FDS) <= linux::raw::kMostPassedFds);

/// What only a finished slot has: its namespaces and the two places where code is attached.
struct OpenedSlot {
    std::array<UniqueFd, kNamespaceCount> namespaces;
    UniqueFd code;
    UniqueFd opt;
};

/// Of the namespaces, the forker is told all; the warden needs the mounts alone.
Result<OpenedSlot> open_slot(const Workshop& shop, int init, bool for_forker) {
    const std::string pid = std::to_string(TRY(linux::pid_of(init, shop.proc.get())));
    const auto open = [&](const std::string& path, int flags) {
        return linux::syscall("open " + path,
                              [&] { return ::openat(shop.proc.get(), path.c_str(), flags | O_CLOEXEC); });
    };
    OpenedSlot opened;
    for (std::size_t i = 0; i < kNamespaceCount; ++i)
        if (for_forker || i == HC_ARM_MOUNTS)
            opened.namespaces[i] = UniqueFd(TRY(open(pid + "/ns/" + kNamespaces[i], O_RDONLY)));
    opened.code = UniqueFd(TRY(open(pid + "/root/code", O_PATH | O_DIRECTORY)));
    opened.opt = UniqueFd(TRY(open(pid + "/root/opt", O_PATH | O_DIRECTORY)));
    return opened;
}

struct SlotPipes {
    Pair channel, in, out, err, status;
};

Result<SlotPipes> make_slot_pipes(std::uint32_t user) {
    SlotPipes pipes;
    pipes.channel = TRY(make_socketpair(SOCK_STREAM));
    pipes.in = TRY(make_pipe(Direction::ToProgram, user));
    pipes.out = TRY(make_pipe(Direction::FromProgram, user));
    pipes.err = TRY(make_pipe(Direction::FromProgram, user));
    pipes.status = TRY(make_socketpair(SOCK_SEQPACKET));
    return pipes;
}

/// Tells the forker of a slot: everything it needs to put a process there, once.
long arm_forker(const Domain& domain, const Slot& slot, const OpenedSlot& opened, const SlotPipes& pipes) {
    std::vector<int> fds;
    for (const UniqueFd& entry : opened.namespaces) fds.push_back(entry.get());
    for (const Pair* pair : {&pipes.channel, &pipes.in, &pipes.out, &pipes.err}) fds.push_back(pair->theirs.get());
    const auto attach = slot.group.attach_fds();
    fds.insert(fds.end(), attach.begin(), attach.end());
    const hc_arm message{HC_ARM, static_cast<std::uint32_t>(attach.size()), slot.id};
    return linux::raw::send_with_fds(domain.arm.get(), &message, sizeof message, fds.data(),
                                     static_cast<int>(fds.size()), MSG_DONTWAIT);
}

}  // namespace

std::optional<Slot> build_slot(Workshop& shop, Domain& domain, const protocol::BuildSlot& request, BuiltReply& reply,
                               SlotHandles& handles) {
    Stopwatch watch(reply);
    const auto host_id = domain.ids.take();
    if (!host_id)
        return fail_reply(reply, Step::WriteIdMaps, Error{ErrorKind::Exhausted, EAGAIN, {}, {}}), std::nullopt;
    auto group = shop.groups->create(
        "slot-" + std::to_string(request.slot),
        {.memory = Bytes{request.memory_bytes}, .pids = request.pids, .cpu_weight = request.cpu_weight});
    if (!group) {
        domain.ids.give_back(*host_id);
        return fail_reply(reply, Step::MakeCgroup, group.error()), std::nullopt;
    }
    watch.mark(Step::MakeCgroup);
    const auto give_up = [&](Step step, const Error& error) {
        fail_reply(reply, step, error);
        shop.doomed.push_back(std::move(*group));
        domain.ids.give_back(*host_id);
        return std::nullopt;
    };
    auto pipes = make_slot_pipes(*host_id + HC_USER_ID);
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!pipes) return give_up(Step::MakePipes, pipes.error());
    watch.mark(Step::MakePipes);

    const bool executor = request.executor != 0;
    SandboxBuild build = start_build(shop, domain.runtime);
    build.domain = domain.init.get();
    build.id_map = "0 " + std::to_string(*host_id) + " 65536\n";
    sandbox::SandboxSpec spec;
    spec.child = executor ? InitChild::Executor : InitChild::None;
    spec.attach_fds = static_cast<std::uint32_t>(group->attach_fds().size());
    spec.tmp_bytes = request.tmp_bytes;
    spec.tmp_inodes = request.tmp_inodes;
    spec.require_landlock = shop.config.require_landlock;
    const auto plan = sandbox::make_init_plan(spec, shop.filters, shop.omitted);
    build.plan = plan;
    build.descriptors = {{executor ? pipes->in.theirs.get() : null.get(), 0},
                         {executor ? pipes->out.theirs.get() : null.get(), 1},
                         {executor ? pipes->err.theirs.get() : null.get(), 2},
                         {executor ? pipes->channel.theirs.get() : null.get(), protocol::kChannelFd},
                         {pipes->status.theirs.get(), protocol::kStatusFd}};
    hand_over_attach_fds(*group, build);
    build.sockets = {request.connections, request.listen_port};
    BuildOutcome outcome = build_sandbox(build);
    add_steps(reply, outcome.sandbox.steps);
    if (outcome.failure.step != 0) {
        const auto step = static_cast<Step>(outcome.failure.step);
        return give_up(step, Error{ErrorKind::Kernel, outcome.failure.sys, "build a slot", {}});
    }
    Slot slot{request.slot, domain.id, *host_id, !executor, std::move(outcome.sandbox.init), std::move(*group)};
    const auto undo = [&](const Error& error) {
        linux::kill_process(slot.init.get());
        (void)linux::wait_for_end(slot.init.get(), 1000);
        *group = std::move(slot.group);
        return give_up(Step::OpenHandles, error);
    };
    watch.skip();
    auto opened = open_slot(shop, slot.init.get(), !executor);
    if (!opened) return undo(opened.error());
    if (!executor) {
        if (const long sent = arm_forker(domain, slot, *opened, *pipes); sent < 0)
            return undo(Error{ErrorKind::Broken, static_cast<int>(-sent), "arm the forker", {}});
    }
    handles = {std::move(opened->namespaces[HC_ARM_MOUNTS]), std::move(opened->code), std::move(opened->opt)};
    watch.mark(Step::OpenHandles);
    reply.reply.host_id = *host_id;
    reply.reply.child_pid = outcome.sandbox.report.child_pid;
    reply.reply.landlock_abi = outcome.sandbox.report.landlock_abi;
    reply.add(FdRole::Channel, std::move(pipes->channel.ours));
    reply.add(FdRole::Stdin, std::move(pipes->in.ours));
    reply.add(FdRole::Stdout, std::move(pipes->out.ours));
    reply.add(FdRole::Stderr, std::move(pipes->err.ours));
    reply.add(FdRole::Status, std::move(pipes->status.ours));
    add_group_fds(slot.group, reply);
    for (UniqueFd& socket : outcome.sandbox.sockets.connections) reply.add(FdRole::Connection, std::move(socket));
    if (outcome.sandbox.sockets.listener) reply.add(FdRole::Listener, std::move(outcome.sandbox.sockets.listener));
    return slot;
}

}  // namespace hotcell::warden
