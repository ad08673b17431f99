#include "engine/warden/fast/fast_lane.h"

#include <linux/openat2.h>
#include <poll.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "engine/base/clock.h"
#include "engine/linux/cgroup/freezer.h"
#include "engine/linux/process/pidfd.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/warden/fast/seal.h"

namespace hotcell::warden {

namespace raw = linux::raw;
using linux::UniqueFd;
using protocol::Step;
using protocol::WardenRequest;

namespace {

constexpr int kCleanUpMs = 10'000;
constexpr std::size_t kLargestRequest = sizeof(protocol::Attach);

protocol::StepFailure failed(Step step, long result) {
    return {static_cast<std::uint32_t>(step), static_cast<std::int32_t>(-result)};
}

bool is_content_name(const char (&name)[64]) {
    for (const char c : name)
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    return true;
}

/// The directory `name` directly below the store; nothing on the way may be a link.
long open_in_store(int store, const char (&name)[64]) {
    char path[65] = {};
    std::memcpy(path, name, sizeof name);
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    return raw::call(SYS_openat2, store, path, &how, sizeof how);
}

/// Moves a detached tree onto a place in another mount namespace and comes back. No path is looked up there.
protocol::StepFailure move_into(int tree, int place, int mounts, int own_mounts) {
    if (const long result = raw::call(SYS_setns, mounts, CLONE_NEWNS); result < 0)
        return failed(Step::EnterMounts, result);
    const long moved = raw::move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    if (const long result = raw::call(SYS_setns, own_mounts, CLONE_NEWNS); result < 0) ::abort();  // not ours any more
    return moved < 0 ? failed(Step::MoveMount, moved) : protocol::StepFailure{};
}

}  // namespace

FastLane::FastLane(UniqueFd front, UniqueFd builder, UniqueFd builder_process, UniqueFd store, UniqueFd own_mounts,
                   UniqueFd proc)
    : front_(std::move(front)),
      builder_(std::move(builder)),
      builder_process_(std::move(builder_process)),
      store_(std::move(store)),
      own_mounts_(std::move(own_mounts)),
      proc_(std::move(proc)) {}

int FastLane::serve() {
    const int status = serve_until_the_builder_ends();
    // its pipe ends a little before it does: who waits for this process finds nothing of the engine afterwards
    (void)linux::wait_for_end(builder_process_.get(), kCleanUpMs);
    (void)linux::reap(builder_process_.get());
    return status;
}

int FastLane::serve_until_the_builder_ends() {
    for (;;) {
        pollfd entries[2] = {{builder_.get(), POLLIN, 0}, {front_ ? front_.get() : -1, POLLIN, 0}};
        const int n = ::poll(entries, 2, front_ ? -1 : kCleanUpMs);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) {  // the builder is stuck
            linux::kill_process(builder_process_.get());
            return 1;
        }
        if (n < 0) return 1;
        // the builder's pipe first: whatever the front may name was registered there before
        while (entries[0].revents != 0) {
            if (!receive_from_builder()) return front_ ? 1 : 0;
            entries[0].revents = 0;
            if (::poll(entries, 1, 0) < 0) break;
        }
        if (entries[1].revents != 0 && !receive_from_front()) front_.reset();
    }
}

bool FastLane::receive_from_builder() {
    protocol::SlotNotice notice{};
    int fds[raw::kMostPassedFds];
    int count = 0;
    const long size = raw::receive_with_fds(builder_.get(), &notice, sizeof notice, fds, count, MSG_DONTWAIT);
    if (size == -EAGAIN) return true;
    if (size != static_cast<long>(sizeof notice)) return false;
    if (notice.type == static_cast<std::uint32_t>(protocol::WardenNotice::Forget))
        return slots_.erase(notice.slot), true;
    if (count != static_cast<int>(protocol::kRegisterFds)) return false;
    slots_[notice.slot] = SlotEntry{notice.host_id,   UniqueFd(fds[0]), UniqueFd(fds[1]),
                                    UniqueFd(fds[2]), UniqueFd(fds[3]), UniqueFd(fds[4])};
    return true;
}

bool FastLane::receive_from_front() {
    alignas(8) std::array<std::byte, kLargestRequest + 1> bytes{};
    int fds[raw::kMostPassedFds];
    int count = 0;
    const long size = raw::receive_with_fds(front_.get(), bytes.data(), bytes.size(), fds, count, MSG_DONTWAIT);
    for (int i = 0; i < count; ++i) ::close(fds[i]);
    if (size == -EAGAIN) return true;
    std::uint32_t type = 0;
    if (size < static_cast<long>(sizeof type)) return false;
    std::memcpy(&type, bytes.data(), sizeof type);
    // builder notices may have come in while this message was on its way
    if (!receive_from_builder()) return false;
    const auto expect = [&](std::size_t wanted) { return size == static_cast<long>(wanted); };
    switch (static_cast<WardenRequest>(type)) {
        case WardenRequest::Attach:
            if (expect(sizeof(protocol::Attach)))
                return answer_attach(*reinterpret_cast<const protocol::Attach*>(bytes.data())), true;
            break;
        case WardenRequest::Kill:
            if (expect(sizeof(protocol::Kill)))
                return kill(reinterpret_cast<const protocol::Kill*>(bytes.data())->slot), true;
            break;
        case WardenRequest::Seal:
            if (expect(sizeof(protocol::Seal)))
                return answer_seal(*reinterpret_cast<const protocol::Seal*>(bytes.data())), true;
            break;
    }
    return false;
}

protocol::StepFailure FastLane::attach(const protocol::Attach& request) {
    const auto slot = slots_.find(request.slot);
    if (slot == slots_.end()) return failed(Step::OpenCode, -ENXIO);
    if (!is_content_name(request.name)) return failed(Step::OpenCode, -EINVAL);
    const long source = open_in_store(store_.get(), request.name);
    if (source < 0) return failed(Step::OpenCode, source);
    const UniqueFd directory(static_cast<int>(source));
    const long cloned = raw::open_tree(directory.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    if (cloned < 0) return failed(Step::OpenCode, cloned);
    const UniqueFd tree(static_cast<int>(cloned));
    const long marked =
        raw::mount_setattr(tree.get(), "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0);
    if (marked < 0) return failed(Step::OpenCode, marked);
    const int place = request.place == protocol::MountPlace::Opt ? slot->second.opt.get() : slot->second.code.get();
    return move_into(tree.get(), place, slot->second.mounts.get(), own_mounts_.get());
}

void FastLane::answer_attach(const protocol::Attach& request) {
    const std::uint64_t before = monotonic_ns();
    protocol::Attached reply{};
    reply.slot = request.slot;
    reply.failure = attach(request);
    reply.nanoseconds = static_cast<std::uint32_t>(monotonic_ns() - before);
    (void)raw::send_with_fds(front_.get(), &reply, sizeof reply, nullptr, 0);
}

void FastLane::kill(std::uint64_t slot) {
    const auto found = slots_.find(slot);
    if (found == slots_.end()) return;
    linux::kill_process(found->second.init.get());
    (void)linux::cgroup::thaw(found->second.group.get());  // a frozen v1 group would keep its dead
}

void FastLane::answer_seal(const protocol::Seal& request) {
    const std::uint64_t before = monotonic_ns();
    protocol::Sealed reply{};
    reply.slot = request.slot;
    const auto found = slots_.find(request.slot);
    if (found == slots_.end()) {
        reply.finding = protocol::SealFinding::NoSuchSlot;
    } else {
        const SealAnswer answer =
            inspect_slot({proc_.get(), found->second.group.get(), found->second.host_id, request.most_processes});
        reply.finding = answer.finding;
        reply.processes = answer.processes;
        if (answer.finding != protocol::SealFinding::Sound) kill(request.slot);
    }
    reply.nanoseconds = static_cast<std::uint32_t>(monotonic_ns() - before);
    (void)raw::send_with_fds(front_.get(), &reply, sizeof reply, nullptr, 0);
}

}  // namespace hotcell::warden
