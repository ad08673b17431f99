#include "engine/warden/builder/builder.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cstring>

#include "engine/base/clock.h"
#include "engine/linux/process/pidfd.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/protocol/builder_warden.h"
#include "engine/protocol/forker.h"

namespace hotcell::warden {

namespace raw = linux::raw;
using linux::UniqueFd;
using protocol::BuilderReply;
using protocol::BuilderRequest;

namespace {

constexpr std::size_t kLargestRequest = sizeof(protocol::BuildSlot);
constexpr int kBuryEveryMs = 2;
constexpr std::uint64_t kRemoveAllNs = 5'000'000'000;

template <class Request>
const Request* as(const std::array<std::byte, kLargestRequest + 1>& bytes, long size) {
    return size == static_cast<long>(sizeof(Request)) ? reinterpret_cast<const Request*>(bytes.data()) : nullptr;
}

bool within(std::uint64_t value, std::uint64_t least, std::uint64_t most) { return value >= least && value <= most; }

bool is_sound(const protocol::BuildSlot& request) {
    return request.slot != 0 && request.executor <= 1 && within(request.memory_bytes, 1 << 20, 1ULL << 40) &&
           within(request.tmp_bytes, 4096, 1ULL << 40) && within(request.tmp_inodes, 16, 1 << 24) &&
           within(request.pids, 8, 32768) && within(request.cpu_weight, 1, 10000) &&
           request.connections <= protocol::kMostBuiltConnections;
}

}  // namespace

Builder::Builder(Workshop shop, UniqueFd front, UniqueFd warden)
    : shop_(std::move(shop)),
      front_(std::move(front)),
      warden_(std::move(warden)),
      ids_(shop_.config.id_base, shop_.config.id_ranges, shop_.config.domain_ranges) {}

int Builder::serve() {
    bool open = true;
    while (open) {
        pollfd entries[2] = {{front_.get(), POLLIN, 0}, {warden_.get(), 0, 0}};
        const bool waiting = dying_.empty() && shop_.doomed.empty();
        const int n = ::poll(entries, 2, waiting ? -1 : kBuryEveryMs);
        if (n < 0 && errno != EINTR) return 1;
        if (n > 0 && entries[1].revents != 0) break;  // the warden has gone: without it nothing can be killed in time
        if (n > 0) open = receive();
        bury();
    }
    remove_all();
    return 0;
}

bool Builder::receive() {
    alignas(8) std::array<std::byte, kLargestRequest + 1> bytes{};
    int fds[raw::kMostPassedFds];
    int count = 0;
    const long size = raw::receive_with_fds(front_.get(), bytes.data(), bytes.size(), fds, count, MSG_DONTWAIT);
    for (int i = 0; i < count; ++i) ::close(fds[i]);  // the front passes none; a descriptor from it is never used
    if (size == -EAGAIN) return true;
    if (size < static_cast<long>(sizeof(std::uint32_t))) return false;
    std::uint32_t type = 0;
    std::memcpy(&type, bytes.data(), sizeof type);
    switch (static_cast<BuilderRequest>(type)) {
        case BuilderRequest::BuildDomain:
            if (const auto* request = as<protocol::BuildDomain>(bytes, size)) return build_domain(*request), true;
            break;
        case BuilderRequest::BuildSlot:
            if (const auto* request = as<protocol::BuildSlot>(bytes, size)) return build_slot(*request), true;
            break;
        case BuilderRequest::OpenConnections:
            if (const auto* request = as<protocol::OpenConnections>(bytes, size))
                return open_connections(*request), true;
            break;
        case BuilderRequest::DestroySlot:
            if (const auto* request = as<protocol::DestroySlot>(bytes, size)) return destroy_slot(request->slot), true;
            break;
        case BuilderRequest::DestroyDomain:
            if (const auto* request = as<protocol::DestroyDomain>(bytes, size))
                return destroy_domain(request->domain), true;
            break;
    }
    return false;  // not a message of this protocol: the front has gone wrong, and everything it runs goes with it
}

void Builder::build_domain(const protocol::BuildDomain& request) {
    BuiltReply built;
    auto ids = ids_.take();
    const bool sound = request.domain != 0 && request.runtime < shop_.config.runtime_count;
    if (!sound || !ids || domains_.contains(request.domain)) {
        built.reply.failure = {static_cast<std::uint32_t>(protocol::Step::MakeCgroup), !sound ? EINVAL : EAGAIN};
        if (ids) ids_.give_back(*ids);
        return reply_built(BuilderReply::DomainBuilt, request.domain, built);
    }
    const IdBlock spare = *ids;
    auto domain = hotcell::warden::build_domain(shop_, request, std::move(*ids), built);
    if (domain)
        domains_.emplace(request.domain, std::move(*domain));
    else
        ids_.give_back(spare);
    reply_built(BuilderReply::DomainBuilt, request.domain, built);
}

void Builder::build_slot(const protocol::BuildSlot& request) {
    BuiltReply built;
    const auto domain = domains_.find(request.domain);
    if (!is_sound(request) || domain == domains_.end() || slots_.contains(request.slot)) {
        built.reply.failure = {static_cast<std::uint32_t>(protocol::Step::MakeCgroup),
                               domain == domains_.end() ? ESRCH : EINVAL};
        return reply_built(BuilderReply::SlotBuilt, request.slot, built);
    }
    SlotHandles handles;
    auto slot = hotcell::warden::build_slot(shop_, domain->second, request, built, handles);
    if (slot) {
        if (!register_slot(*slot, handles, slot->group)) {
            built.reply.failure = {static_cast<std::uint32_t>(protocol::Step::OpenHandles), EPIPE};
            built.reply.fd_count = 0;
            built.fds.clear();
        }
        slots_.emplace(request.slot, std::move(*slot));
    }
    reply_built(BuilderReply::SlotBuilt, request.slot, built);
}

void Builder::open_connections(const protocol::OpenConnections& request) {
    protocol::ConnectionsOpened reply{};
    reply.id = request.slot;
    const auto slot = slots_.find(request.slot);
    if (slot == slots_.end() || !within(request.count, 1, protocol::kMostOpenedConnections)) {
        reply.sys = slot == slots_.end() ? ESRCH : EINVAL;
        return send(&reply, sizeof reply, {});
    }
    auto sockets = make_sockets(slot->second.init.get(), shop_.own_network.get(), {request.count, 0});
    if (!sockets) {
        reply.sys = sockets.error().sys != 0 ? sockets.error().sys : EIO;
        return send(&reply, sizeof reply, {});
    }
    reply.count = request.count;
    send(&reply, sizeof reply, sockets->connections);
}

bool Builder::register_slot(const Slot& slot, const SlotHandles& handles, const linux::cgroup::Group& group) {
    const protocol::SlotNotice notice{static_cast<std::uint32_t>(protocol::WardenNotice::Register), slot.host_id,
                                      slot.id};
    const int fds[protocol::kRegisterFds] = {handles.mounts.get(), handles.code.get(), handles.opt.get(),
                                             slot.init.get(), group.freezer_directory()};
    return raw::send_with_fds(warden_.get(), &notice, sizeof notice, fds, protocol::kRegisterFds) == 0;
}

void Builder::destroy_slot(std::uint64_t id) {
    const auto found = slots_.find(id);
    if (found == slots_.end()) return;
    Slot slot = std::move(found->second);
    slots_.erase(found);
    linux::kill_process(slot.init.get());
    const protocol::SlotNotice notice{static_cast<std::uint32_t>(protocol::WardenNotice::Forget), slot.host_id,
                                      slot.id};
    (void)raw::send_with_fds(warden_.get(), &notice, sizeof notice, nullptr, 0);
    const auto domain = domains_.find(slot.domain);
    if (slot.armed && domain != domains_.end()) {
        const hc_arm message{HC_DISARM, 0, slot.id};
        (void)raw::send_with_fds(domain->second.arm.get(), &message, sizeof message, nullptr, 0, MSG_DONTWAIT);
    }
    slot.group.thaw();
    dying_.push_back(
        {false, id, slot.domain, slot.host_id, 0, std::move(slot.init), std::move(slot.group), std::nullopt});
    bury();
}

void Builder::destroy_domain(std::uint64_t id) {
    const auto found = domains_.find(id);
    if (found == domains_.end()) return;
    std::vector<std::uint64_t> inside;
    for (const auto& [slot_id, slot] : slots_)
        if (slot.domain == id) inside.push_back(slot_id);
    for (const std::uint64_t slot_id : inside) destroy_slot(slot_id);
    Domain domain = std::move(found->second);
    domains_.erase(found);
    linux::kill_process(domain.init.get());
    dying_.push_back({true, id, id, 0, 0, std::move(domain.init), std::move(domain.group), std::move(domain.ids)});
}

void Builder::bury() {
    std::erase_if(shop_.doomed, [&](linux::cgroup::Group& group) { return shop_.groups->remove(group).has_value(); });
    // domains after their slots: a domain's ids come back only when nothing of its slots is left
    std::erase_if(dying_, [&](Dying& dying) { return !dying.domain && bury(dying); });
    std::erase_if(dying_, [&](Dying& dying) {
        if (!dying.domain) return false;
        for (const Dying& other : dying_)
            if (!other.domain && other.domain_id == dying.id) return false;
        return bury(dying);
    });
    // pid 1s of domains, also of one whose build was cut short before anybody knew its number. Last: what was found
    // dead above is not to be left as a zombie by a builder that ends now
    while (::waitpid(-1, nullptr, WNOHANG | __WALL) > 0) {}
}

bool Builder::bury(Dying& dying) {
    if (!linux::has_ended(dying.init.get())) return false;
    if (!shop_.groups->remove(dying.group)) return false;  // the kernel is not done with the last task: next round
    if (dying.domain) {
        ids_.give_back(*dying.ids);
        reply_gone(BuilderReply::DomainGone, dying.id);
        return true;
    }
    if (const auto domain = domains_.find(dying.domain_id); domain != domains_.end())
        domain->second.ids.give_back(dying.host_id);
    reply_gone(BuilderReply::SlotGone, dying.id);
    return true;
}

void Builder::remove_all() {
    std::vector<std::uint64_t> all;
    for (const auto& [id, domain] : domains_) all.push_back(id);
    for (const std::uint64_t id : all) destroy_domain(id);
    const std::uint64_t deadline = monotonic_ns() + kRemoveAllNs;
    while (!dying_.empty() && monotonic_ns() < deadline) {
        (void)linux::wait_for_end(dying_.front().init.get(), kBuryEveryMs);
        bury();
        if (!dying_.empty() && linux::has_ended(dying_.front().init.get())) (void)::poll(nullptr, 0, kBuryEveryMs);
    }
    bury();
    (void)shop_.groups->destroy();
}

void Builder::reply_built(BuilderReply type, std::uint64_t id, BuiltReply& built) {
    built.reply.type = static_cast<std::uint32_t>(type);
    built.reply.id = id;
    send(&built.reply, sizeof built.reply, built.fds);
}

void Builder::reply_gone(BuilderReply type, std::uint64_t id) {
    const protocol::Gone reply{static_cast<std::uint32_t>(type), 0, id};
    send(&reply, sizeof reply, {});
}

void Builder::send(const void* data, std::size_t size, const std::vector<UniqueFd>& fds) {
    std::vector<int> numbers;
    for (const UniqueFd& fd : fds) numbers.push_back(fd.get());
    // a front that does not read blocks the builder, which is what it deserves; one that is gone answers EPIPE
    (void)raw::send_with_fds(front_.get(), data, size, numbers.data(), static_cast<int>(numbers.size()));
}

}  // namespace hotcell::warden
