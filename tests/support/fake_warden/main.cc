// A stand-in for hotcell-warden: builder, warden and forkers in one process without any sandbox. Programs are plain
// children of it, so the engine's own work can be tested without privileges of its helper and with a helper that fails,
// lies or dies. What it does wrong is told by words in the file RUN_DIR/behaviour, read anew for each request:
//
//   refuse-hello        says at start that it cannot work          fail-slots    builds no slot
//   fail-attach         mounts nothing                             die-on-attach ends at the first attach
//   answer-fork-late    HC_FORKED only after the child's end       noise         reports ends of strangers, too
//   oom-count           the group's file tells of an oom kill      oom-event     the group's event fires at attach
//   mute-ends           tells of no program's end              end-forker   the forker ends when asked for a fork
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/linux/raw/calls.h"
#include "engine/linux/raw/fd_passing.h"
#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"
#include "engine/protocol/front_builder.h"
#include "engine/protocol/front_warden.h"
#include "engine/protocol/warden_config.h"

namespace raw = hotcell::linux::raw;
using namespace hotcell::protocol;

namespace {

constexpr std::uint32_t kForkerPid = 4'200'000;  // no pid that anything here has

WardenConfig config;

struct Slot {
    std::uint64_t id = 0;
    std::uint64_t domain = 0;
    bool executor = false;
    int channel = -1, in = -1, out = -1, err = -1;  // the program's ends, until it has been forked
    int status = -1;
    int events = -1, oom = -1;
    pid_t pid = -1;
    char* code = nullptr;  // shared with the child: the attached directory's path
    std::vector<char> late_answer;
};
struct Domain {
    int status = -1;
    int control = -1;
    bool has_forker = false;
};
std::map<std::uint64_t, Slot> slots;
std::map<std::uint64_t, Domain> domains;

std::set<std::string> behaviour() {
    std::ifstream in(std::string(config.run_dir) + "/behaviour");
    std::set<std::string> words;
    for (std::string word; in >> word;) words.insert(word);
    return words;
}

template <class Message>
void say(int socket, const Message& message, const std::vector<int>& fds = {}) {
    (void)raw::send_with_fds(socket, &message, sizeof message, fds.data(), static_cast<int>(fds.size()));
}

int nonblocking(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

int file_with(const char* text) {
    const int fd = ::memfd_create("control-file", MFD_CLOEXEC);
    (void)!::pwrite(fd, text, std::strlen(text), 0);
    return fd;
}

/// The program's side of a slot: READY, Run, exec. Never returns.
[[noreturn]] void be_program(const Slot& slot, std::uint64_t nonce) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::setpgid(0, 0);
    const int sources[] = {slot.in, slot.out, slot.err, slot.channel};
    int lifted[4];
    for (int i = 0; i < 4; ++i) lifted[i] = ::fcntl(sources[i], F_DUPFD, 500);
    for (int i = 0; i < 4; ++i) ::dup2(lifted[i], i);
    (void)raw::close_range(4, ~0u, 0);
    ::fcntl(3, F_SETFD, FD_CLOEXEC);
    struct {
        hc_frame frame;
        hc_ready ready;
    } hello{{sizeof(hc_ready), HC_FRAME_READY, 0, 0}, {nonce, 0}};
    (void)raw::write_all(3, &hello, sizeof hello);
    hc_frame frame{};
    hc_run run{};
    if (raw::read_all(3, &frame, sizeof frame) < 0 || raw::read_all(3, &run, sizeof run) < 0) ::_exit(0);
    std::string strings(frame.length - sizeof run, '\0');
    if (raw::read_all(3, strings.data(), strings.size()) < 0) ::_exit(0);
    std::vector<std::string> words;
    for (std::size_t at = 0; at < strings.size(); at += words.back().size() + 1)
        words.emplace_back(strings.c_str() + at);
    std::vector<char*> argv;
    std::vector<char*> envp;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].starts_with("/code/")) words[i] = std::string(slot.code) + words[i].substr(5);
        (i < run.argc ? argv : envp).push_back(words[i].data());
    }
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    ::execve(argv[0], argv.data(), envp.data());
    struct {
        hc_frame frame;
        hc_failed failed;
    } refusal{{sizeof(hc_failed), HC_FRAME_FAILED, 0, 0}, {static_cast<std::uint32_t>(Step::ChildExec), errno}};
    (void)raw::write_all(3, &refusal, sizeof refusal);
    ::_exit(127);
}

void fork_program(Slot& slot, std::uint64_t nonce) {
    slot.pid = ::fork();
    if (slot.pid == 0) be_program(slot, nonce);
    ::setpgid(slot.pid, slot.pid);
    for (int* fd : {&slot.channel, &slot.in, &slot.out, &slot.err}) ::close(std::exchange(*fd, -1));
}

struct Reply {
    Built built{};
    std::vector<int> fds;
    void add(FdRole role, int fd) {
        built.fd_roles[built.fd_count++] = static_cast<std::uint8_t>(role);
        fds.push_back(fd);
    }
    void send(BuilderReply type, std::uint64_t id) {
        built.type = static_cast<std::uint32_t>(type);
        built.id = id;
        say(kFrontBuilderFd, built, fds);
        for (const int fd : fds) ::close(fd);
    }
};

void build_domain(const BuildDomain& request) {
    Reply reply;
    Domain& domain = domains[request.domain];
    domain.has_forker = config.runtimes[request.runtime].has_forker != 0;
    int pair[2];
    ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
    domain.status = pair[0];
    reply.add(FdRole::Status, nonblocking(pair[1]));
    for (const FdRole role : {FdRole::Stdout, FdRole::Stderr}) {
        ::pipe2(pair, O_CLOEXEC);
        ::close(pair[1]);
        reply.add(role, nonblocking(pair[0]));
    }
    if (domain.has_forker) {
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
        domain.control = pair[0];
        reply.add(FdRole::Control, nonblocking(pair[1]));
        reply.built.child_pid = kForkerPid;
    }
    reply.send(BuilderReply::DomainBuilt, request.domain);
}

void build_slot(const BuildSlot& request) {
    Reply reply;
    if (behaviour().contains("fail-slots")) {
        reply.built.failure = {static_cast<std::uint32_t>(Step::MountProc), EPERM};
        return reply.send(BuilderReply::SlotBuilt, request.slot);
    }
    Slot& slot = slots[request.slot];
    slot.id = request.slot;
    slot.domain = request.domain;
    slot.executor = request.executor != 0;
    slot.code = static_cast<char*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    int pair[2];
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
    slot.channel = pair[0];
    reply.add(FdRole::Channel, nonblocking(pair[1]));
    ::pipe2(pair, O_CLOEXEC);
    slot.in = pair[0];
    reply.add(FdRole::Stdin, nonblocking(pair[1]));
    for (const FdRole role : {FdRole::Stdout, FdRole::Stderr}) {
        ::pipe2(pair, O_CLOEXEC);
        (role == FdRole::Stdout ? slot.out : slot.err) = pair[1];
        reply.add(role, nonblocking(pair[0]));
    }
    ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
    slot.status = pair[0];
    reply.add(FdRole::Status, nonblocking(pair[1]));
    reply.add(FdRole::MemoryLimit, file_with("0"));
    reply.add(FdRole::PeakMemory, file_with("12345678\n"));
    slot.events = file_with("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
    reply.add(FdRole::MemoryEvents, ::fcntl(slot.events, F_DUPFD_CLOEXEC, 3));
    slot.oom = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    reply.add(FdRole::OomEvent, ::fcntl(slot.oom, F_DUPFD_CLOEXEC, 3));
    if (slot.executor) {
        fork_program(slot, 0);
        reply.built.child_pid = static_cast<std::uint32_t>(slot.pid);
    }
    reply.built.steps[reply.built.step_count++] = {static_cast<std::uint16_t>(Step::MountProc), 0, 1000};
    reply.send(BuilderReply::SlotBuilt, request.slot);
}

void kill_slot(Slot& slot) {
    if (slot.pid <= 0) return;
    ::kill(-slot.pid, SIGKILL);
    if (slot.executor && !behaviour().contains("mute-ends")) ::close(std::exchange(slot.status, -1));
}

void destroy_slot(std::uint64_t id) {
    const auto found = slots.find(id);
    if (found != slots.end()) {
        Slot& slot = found->second;
        kill_slot(slot);
        for (const int fd : {slot.channel, slot.in, slot.out, slot.err, slot.status, slot.events, slot.oom})
            if (fd >= 0) ::close(fd);
        ::munmap(slot.code, 4096);
        slots.erase(found);
    }
    say(kFrontBuilderFd, Gone{static_cast<std::uint32_t>(BuilderReply::SlotGone), 0, id});
}

void fork_into(Domain& domain, const hc_fork& request) {
    hc_forked answer{};
    answer.type = HC_FORKED;
    answer.slot = request.slot;
    if (behaviour().contains("end-forker")) return say(domain.status, ExitReport{kForkerPid, SIGKILL, 0, 0, 0});
    const auto found = slots.find(request.slot);
    if (found == slots.end() || found->second.executor || found->second.pid > 0) {
        answer.failed_step = static_cast<std::uint32_t>(Step::ForkEnter);
        answer.sys = ENXIO;
        return say(domain.control, answer);
    }
    Slot& slot = found->second;
    fork_program(slot, request.nonce);
    answer.pid = slot.pid;
    if (!behaviour().contains("answer-fork-late")) return say(domain.control, answer);
    const char* bytes = reinterpret_cast<const char*>(&answer);
    slot.late_answer.assign(bytes, bytes + sizeof answer);
}

void attach(const Attach& request) {
    const auto words = behaviour();
    if (words.contains("die-on-attach")) ::_exit(0);
    Attached reply{};
    reply.slot = request.slot;
    const auto found = slots.find(request.slot);
    if (found == slots.end() || words.contains("fail-attach")) {
        reply.failure = {static_cast<std::uint32_t>(Step::OpenCode), ENXIO};
        return say(kFrontWardenFd, reply);
    }
    const std::string path = std::string(config.store_dir) + "/" + std::string(request.name, sizeof request.name);
    std::memcpy(found->second.code, path.c_str(), path.size() + 1);
    if (words.contains("oom-count"))
        (void)!::pwrite(found->second.events, "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", 42, 0);
    if (words.contains("oom-event")) (void)::eventfd_write(found->second.oom, 1);
    say(kFrontWardenFd, reply);
}

void report_end(pid_t pid, int status, const rusage& usage) {
    const auto words = behaviour();
    for (auto& [id, slot] : slots) {
        if (slot.pid != pid) continue;
        Domain& domain = domains[slot.domain];
        const int to = slot.executor ? slot.status : domain.status;
        ExitReport report{static_cast<std::uint32_t>(pid), status, static_cast<std::uint64_t>(usage.ru_utime.tv_usec),
                          static_cast<std::uint64_t>(usage.ru_stime.tv_usec), 0};
        if (words.contains("noise")) {
            for (std::uint32_t stranger = 1; stranger < 200; ++stranger) {
                ExitReport other = report;
                other.pid = 5'000'000 + stranger;
                other.status = 0;
                (void)raw::send_with_fds(to, &other, sizeof other, nullptr, 0, MSG_DONTWAIT);
            }
        }
        if (!words.contains("mute-ends") && to >= 0) say(to, report);
        if (!slot.late_answer.empty())
            (void)raw::send_with_fds(domain.control, slot.late_answer.data(), slot.late_answer.size(), nullptr, 0);
        slot.pid = -1;
    }
}

template <class Message>
bool is(const std::vector<char>& bytes, long size, std::uint32_t type, Message& message) {
    std::uint32_t said = 0;
    std::memcpy(&said, bytes.data(), sizeof said);
    if (said != type || size != static_cast<long>(sizeof message)) return false;
    std::memcpy(static_cast<void*>(&message), bytes.data(), sizeof message);
    return true;
}

/// False when the front has gone.
bool receive(int socket) {
    std::vector<char> bytes(1024);
    int fds[raw::kMostPassedFds];
    int count = 0;
    const long size = raw::receive_with_fds(socket, bytes.data(), bytes.size(), fds, count);
    if (size <= 0) return false;
    const auto type = [](auto name) { return static_cast<std::uint32_t>(name); };
    BuildDomain domain{};
    BuildSlot slot{};
    DestroySlot old_slot{};
    DestroyDomain old_domain{};
    Attach code{};
    Kill victim{};
    if (socket == kFrontBuilderFd) {
        if (is(bytes, size, type(BuilderRequest::BuildDomain), domain))
            build_domain(domain);
        else if (is(bytes, size, type(BuilderRequest::BuildSlot), slot))
            build_slot(slot);
        else if (is(bytes, size, type(BuilderRequest::DestroySlot), old_slot))
            destroy_slot(old_slot.slot);
        else if (is(bytes, size, type(BuilderRequest::DestroyDomain), old_domain)) {
            ::close(domains[old_domain.domain].status);
            if (domains[old_domain.domain].control >= 0) ::close(domains[old_domain.domain].control);
            domains.erase(old_domain.domain);
            say(kFrontBuilderFd, Gone{type(BuilderReply::DomainGone), 0, old_domain.domain});
        } else
            return false;
    } else {
        if (is(bytes, size, type(WardenRequest::Attach), code))
            attach(code);
        else if (is(bytes, size, type(WardenRequest::Kill), victim)) {
            if (const auto found = slots.find(victim.slot); found != slots.end()) kill_slot(found->second);
        } else
            return false;
    }
    return true;
}

void serve(int children) {
    for (;;) {
        std::vector<pollfd> entries = {
            {kFrontBuilderFd, POLLIN, 0}, {kFrontWardenFd, POLLIN, 0}, {children, POLLIN, 0}};
        std::vector<std::uint64_t> ids;
        for (const auto& [id, domain] : domains) {
            if (!domain.has_forker) continue;
            entries.push_back({domain.control, POLLIN, 0});
            ids.push_back(id);
        }
        if (::poll(entries.data(), entries.size(), -1) < 0) return;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            hc_fork request{};
            if ((entries[3 + i].revents & POLLIN) != 0 &&
                ::recv(entries[3 + i].fd, &request, sizeof request, MSG_DONTWAIT) == sizeof request)
                fork_into(domains[ids[i]], request);
        }
        if (entries[2].revents != 0) {
            signalfd_siginfo info{};
            (void)!::read(children, &info, sizeof info);
            int status = 0;
            rusage usage{};
            for (pid_t pid; (pid = ::wait4(-1, &status, WNOHANG, &usage)) > 0;) report_end(pid, status, usage);
        }
        if (entries[0].revents != 0 && !receive(kFrontBuilderFd)) return;
        if (entries[1].revents != 0 && !receive(kFrontWardenFd)) return;
    }
}

}  // namespace

int main() {
    for (const int fd : {kFrontWardenFd, kFrontBuilderFd}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (::pread(kWardenConfigFd, &config, sizeof config, 0) != static_cast<ssize_t>(sizeof config)) return 1;
    ::close(kWardenConfigFd);
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    const int children = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    Hello hello{};
    hello.failed = behaviour().contains("refuse-hello") ? 1 : 0;
    std::strcpy(hello.cgroup_driver, "fake");
    std::strcpy(hello.text, hello.failed != 0 ? "this kernel will not do" : "");
    say(kFrontBuilderFd, hello);
    if (hello.failed != 0) return 1;
    serve(children);
    for (auto& [id, slot] : slots) kill_slot(slot);
    return 0;
}
