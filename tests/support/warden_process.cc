#include "tests/support/warden_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "engine/linux/raw/calls.h"
#include "engine/linux/raw/fd_passing.h"
#include "tests/support/build_paths.h"

namespace hotcell::test {

namespace raw = linux::raw;
using linux::UniqueFd;
using protocol::FdRole;

namespace {

constexpr int kPatienceMs = 30'000;

bool readable(int fd, int milliseconds) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, milliseconds) == 1;
}

void copy(char* to, std::size_t size, const std::string& text) {
    if (text.size() >= size) throw std::runtime_error("too long: " + text);
    std::memcpy(to, text.c_str(), text.size() + 1);
}

void add_bind(protocol::WardenConfig& config, const std::string& source, const std::string& target, bool link = false,
              bool optional = false) {
    protocol::Bind& bind = config.binds[config.bind_count++];
    copy(bind.source, sizeof bind.source, source);
    copy(bind.target, sizeof bind.target, target);
    bind.link = link ? 1 : 0;
    bind.optional = optional ? 1 : 0;
    bind.runtimes = ~0u;
}

protocol::WardenConfig make_config(const WardenOptions& options, const std::string& directory) {
    protocol::WardenConfig config{};
    config.id_base = 0x70000000;
    config.id_ranges = 1040;
    config.domain_ranges = 128;
    config.front_uid = config.front_gid = 64000;
    copy(config.instance, sizeof config.instance, options.instance);
    copy(config.run_dir, sizeof config.run_dir, directory + "/run");
    copy(config.store_dir, sizeof config.store_dir, directory + "/code");
    copy(config.init_path, sizeof config.init_path, std::string(kBinDir) + "/hotcell-init");
    for (const char* path :
         {"usr/bin", "usr/lib", "usr/lib64", "usr/share/common-licenses", "usr/share/nodejs", "etc/passwd"})
        add_bind(config, std::string("/") + path, path, false, true);
    for (const char* name : {"bin", "lib", "lib64"}) add_bind(config, std::string("usr/") + name, name, true);
    for (const char* name : {"null", "zero", "full", "random", "urandom"})
        add_bind(config, std::string("/dev/") + name, std::string("dev/") + name);
    add_bind(config, "/proc/self/fd", "dev/fd", true);
    add_bind(config, "rw/tmp", "tmp", true);
    add_bind(config, kShimsDir, "hotcell");
    add_bind(config, kTestProgramsDir, "test");
    const std::vector<std::string> forker =
        options.forker.empty()
            ? std::vector<std::string>{"/usr/bin/python3.11", "-I", "-S", "/hotcell/python/zygote.py"}
            : options.forker;
    config.runtime_count = 2;
    protocol::RuntimeRecipe& python = config.runtimes[0];
    copy(python.name, sizeof python.name, "python3");
    python.has_forker = 1;
    python.forker_memory_bytes = 256 << 20;
    for (const std::string& argument : forker) copy(python.arguments[python.argument_count++], 96, argument);
    for (const char* entry : {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "GLIBC_TUNABLES=glibc.pthread.rseq=0"})
        copy(python.environment[python.environment_count++], 96, entry);
    protocol::RuntimeRecipe& custom = config.runtimes[1];
    copy(custom.name, sizeof custom.name, "custom");
    custom.forker_memory_bytes = 32 << 20;
    return config;
}

UniqueFd sealed_memfd(const protocol::WardenConfig& config) {
    UniqueFd fd(::memfd_create("hotcell-config", MFD_ALLOW_SEALING));
    if (raw::write_all(fd.get(), &config, sizeof config) < 0) throw std::runtime_error("write the configuration");
    ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
    return fd;
}

}  // namespace

int BuiltSandbox::fd(FdRole role) const {
    const auto found = fds.find(role);
    return found == fds.end() ? -1 : found->second.get();
}

bool ProgramEnd::exited_with(int code) const { return started && WIFEXITED(status) && WEXITSTATUS(status) == code; }

WardenProcess::WardenProcess(const WardenOptions& options) {
    ::signal(SIGPIPE, SIG_IGN);
    char name[] = "/tmp/hotcell-test-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("make a temporary directory");
    directory_ = name;
    for (const char* part : {"/run", "/code"}) std::filesystem::create_directory(directory_ + part);
    const UniqueFd config = sealed_memfd(make_config(options, directory_));
    int to_builder[2];
    int to_warden[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, to_builder) != 0 ||
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, to_warden) != 0)
        throw std::runtime_error("make the pipes");
    builder_ = UniqueFd(to_builder[0]);
    warden_ = UniqueFd(to_warden[0]);
    const UniqueFd builder_theirs(to_builder[1]);
    const UniqueFd warden_theirs(to_warden[1]);

    // the product's program takes no argument and leaves nothing out; the test's takes the steps to leave out
    const std::string program = options.omitted.empty() ? std::string(kBinDir) + "/hotcell-warden" : kOmittingWarden;
    std::vector<std::string> words = {program};
    for (const protocol::Step step : options.omitted) words.push_back(std::to_string(static_cast<int>(step)));
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    // out of the way of 3..5 first
    const std::pair<int, int> moves[] = {{config.get(), 203}, {warden_theirs.get(), 204}, {builder_theirs.get(), 205}};
    for (const auto& [from, to] : moves) ::posix_spawn_file_actions_adddup2(&actions, from, to);
    for (const int to : {3, 4, 5}) ::posix_spawn_file_actions_adddup2(&actions, to + 200, to);
    for (const int high : {203, 204, 205}) ::posix_spawn_file_actions_addclose(&actions, high);
    char no_leak_check[] = "ASAN_OPTIONS=detect_leaks=0";  // which traces a process, and the builder lets nobody
    char* environment[] = {no_leak_check, nullptr};
    const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environment);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("start " + program + ": " + std::strerror(failed));
    const auto hello = receive<protocol::Hello>(builder_.get());
    if (!hello) throw std::runtime_error("hotcell-warden did not say hello");
    hello_ = *hello;
    if (hello_.failed != 0) throw std::runtime_error(hello_.text);
}

WardenProcess::~WardenProcess() {
    (void)stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

pid_t WardenProcess::builder_pid() const {
    std::ifstream children("/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children");
    pid_t child = -1;
    children >> child;
    return child;
}

int WardenProcess::stop() {
    if (pid_ < 0) return 0;
    builder_.reset();
    warden_.reset();
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
}

template <class Reply>
std::optional<Reply> WardenProcess::receive(int socket, std::vector<UniqueFd>* fds) {
    if (!readable(socket, kPatienceMs)) return std::nullopt;
    Reply reply{};
    int numbers[raw::kMostPassedFds];
    int count = 0;
    const long size = raw::receive_with_fds(socket, &reply, sizeof reply, numbers, count);
    for (int i = 0; i < count; ++i) {
        UniqueFd fd(numbers[i]);
        if (fds != nullptr) fds->push_back(std::move(fd));
    }
    return size == static_cast<long>(sizeof reply) ? std::optional(reply) : std::nullopt;
}

BuiltSandbox WardenProcess::receive_built(std::uint64_t id) {
    BuiltSandbox built;
    built.id = id;
    std::vector<UniqueFd> fds;
    const auto reply = receive<protocol::Built>(builder_.get(), &fds);
    if (!reply) throw std::runtime_error("no reply from the builder");
    built.reply = *reply;
    for (std::size_t i = 0; i < fds.size(); ++i) {
        const auto role = static_cast<FdRole>(reply->fd_roles[i]);
        if (role == FdRole::Connection)
            built.connections.push_back(std::move(fds[i]));
        else
            built.fds[role] = std::move(fds[i]);
    }
    return built;
}

BuiltSandbox WardenProcess::build_domain(std::uint32_t runtime) {
    protocol::BuildDomain request{};
    request.runtime = runtime;
    request.domain = next_id_++;
    if (raw::send_with_fds(builder_.get(), &request, sizeof request, nullptr, 0) < 0)
        throw std::runtime_error("the builder has gone");
    return receive_built(request.domain);
}

std::vector<UniqueFd> WardenProcess::open_connections(std::uint64_t slot, std::uint32_t count, int& sys) {
    protocol::OpenConnections request{};
    request.slot = slot;
    request.count = count;
    (void)raw::send_with_fds(builder_.get(), &request, sizeof request, nullptr, 0);
    std::vector<UniqueFd> fds;
    const auto reply = receive<protocol::ConnectionsOpened>(builder_.get(), &fds);
    if (!reply || reply->id != slot || reply->count != fds.size())
        throw std::runtime_error("no reply from the builder");
    sys = reply->sys;
    return fds;
}

BuiltSandbox WardenProcess::build_slot(const BuiltSandbox& domain, bool executor, std::uint64_t memory,
                                       std::uint16_t connections, std::uint16_t listen_port) {
    protocol::BuildSlot request{};
    request.executor = executor ? 1 : 0;
    request.slot = next_id_++;
    request.domain = domain.id;
    request.memory_bytes = memory;
    request.tmp_bytes = 16 << 20;
    request.tmp_inodes = 1024;
    request.pids = 64;
    request.cpu_weight = 100;
    request.connections = connections;
    request.listen_port = listen_port;
    if (raw::send_with_fds(builder_.get(), &request, sizeof request, nullptr, 0) < 0)
        throw std::runtime_error("the builder has gone");
    return receive_built(request.slot);
}

protocol::Attached WardenProcess::attach(const BuiltSandbox& slot, const std::string& program) {
    protocol::Attach request{};
    request.slot = slot.id;
    std::memcpy(request.name, program.data(), std::min(program.size(), sizeof request.name));
    (void)raw::send_with_fds(warden_.get(), &request, sizeof request, nullptr, 0);
    const auto reply = receive<protocol::Attached>(warden_.get());
    if (!reply) throw std::runtime_error("no reply from the warden");
    return *reply;
}

protocol::Sealed WardenProcess::seal(const BuiltSandbox& slot, std::uint32_t most_processes) {
    protocol::Seal request{};
    request.slot = slot.id;
    request.most_processes = most_processes;
    (void)raw::send_with_fds(warden_.get(), &request, sizeof request, nullptr, 0);
    const auto reply = receive<protocol::Sealed>(warden_.get());
    if (!reply) throw std::runtime_error("no reply from the warden");
    return *reply;
}

void WardenProcess::kill(const BuiltSandbox& slot) {
    protocol::Kill request{};
    request.slot = slot.id;
    (void)raw::send_with_fds(warden_.get(), &request, sizeof request, nullptr, 0);
}

bool WardenProcess::destroy_slot(const BuiltSandbox& slot) {
    protocol::DestroySlot request{};
    request.slot = slot.id;
    (void)raw::send_with_fds(builder_.get(), &request, sizeof request, nullptr, 0);
    const auto gone = receive<protocol::Gone>(builder_.get());
    return gone && gone->id == slot.id && gone->type == static_cast<std::uint32_t>(protocol::BuilderReply::SlotGone);
}

bool WardenProcess::destroy_domain(const BuiltSandbox& domain) {
    protocol::DestroyDomain request{};
    request.domain = domain.id;
    (void)raw::send_with_fds(builder_.get(), &request, sizeof request, nullptr, 0);
    for (;;) {  // its slots are reported first
        const auto gone = receive<protocol::Gone>(builder_.get());
        if (!gone) return false;
        if (gone->type == static_cast<std::uint32_t>(protocol::BuilderReply::DomainGone)) return gone->id == domain.id;
    }
}

std::string WardenProcess::store(const std::map<std::string, std::string>& files) {
    // any 64 hexadecimal digits will do here: the warden checks the form, the front makes them from the content
    std::size_t hash = 0;
    for (const auto& [file, bytes] : files) hash = hash * 31 + std::hash<std::string>{}(file + bytes);
    char name[65];
    std::snprintf(name, sizeof name, "%064zx", hash);
    const std::string directory = directory_ + "/code/" + name;
    std::filesystem::create_directory(directory);
    for (const auto& [file, bytes] : files) {
        std::ofstream(directory + "/" + file, std::ios::binary) << bytes;
        ::chmod((directory + "/" + file).c_str(), 0755);
    }
    return name;
}

std::string WardenProcess::read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("open " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

hc_forked WardenProcess::fork_into(const BuiltSandbox& domain, const BuiltSandbox& slot, std::uint64_t nonce) {
    const hc_fork request{HC_FORK, 0, slot.id, nonce};
    (void)raw::send_with_fds(domain.fd(FdRole::Control), &request, sizeof request, nullptr, 0);
    const auto reply = receive<hc_forked>(domain.fd(FdRole::Control));
    if (!reply) throw std::runtime_error("no reply from the forker");
    return *reply;
}

bool WardenProcess::wait_ready(const BuiltSandbox& slot, std::uint64_t nonce) {
    struct {
        hc_frame frame;
        hc_ready ready;
    } message{};
    const int channel = slot.fd(FdRole::Channel);
    if (!readable(channel, kPatienceMs)) return false;
    const long n = ::recv(channel, &message, sizeof message, MSG_WAITALL);
    return n == static_cast<long>(sizeof message) && message.frame.type == HC_FRAME_READY &&
           message.ready.nonce == nonce;
}

ProgramEnd WardenProcess::run(const BuiltSandbox& slot, const BuiltSandbox& status_of, std::uint32_t pid,
                              const std::vector<std::string>& arguments, const std::string& event,
                              std::chrono::milliseconds deadline) {
    std::string strings;
    for (const std::string& argument : arguments) strings += argument + '\0';
    const std::vector<std::string> environment = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/tmp"};
    for (const std::string& entry : environment) strings += entry + '\0';
    const hc_run head{static_cast<std::uint32_t>(arguments.size()), static_cast<std::uint32_t>(environment.size())};
    const hc_frame frame{static_cast<std::uint32_t>(sizeof head + strings.size()), HC_FRAME_RUN, 0, 1};
    std::string message(reinterpret_cast<const char*>(&frame), sizeof frame);
    message.append(reinterpret_cast<const char*>(&head), sizeof head).append(strings);
    ProgramEnd end;
    if (raw::write_all(slot.fd(FdRole::Channel), message.data(), message.size()) < 0) return end;

    const auto until = std::chrono::steady_clock::now() + deadline;
    std::size_t sent = 0;
    UniqueFd in(::fcntl(slot.fd(FdRole::Stdin), F_DUPFD_CLOEXEC, 0));
    bool out_open = true;
    bool err_open = true;
    bool channel_open = true;
    while (end.status == -1 || out_open || err_open) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        pollfd entries[] = {{out_open ? slot.fd(FdRole::Stdout) : -1, POLLIN, 0},
                            {err_open ? slot.fd(FdRole::Stderr) : -1, POLLIN, 0},
                            {end.status == -1 ? status_of.fd(FdRole::Status) : -1, POLLIN, 0},
                            {channel_open ? slot.fd(FdRole::Channel) : -1, POLLIN, 0},
                            {in ? in.get() : -1, POLLOUT, 0}};
        if (::poll(entries, 5, static_cast<int>(left.count())) <= 0) break;
        char part[65536];
        for (int i = 0; i < 2; ++i) {
            if (entries[i].revents == 0) continue;
            const ssize_t n = ::read(entries[i].fd, part, sizeof part);
            if (n > 0)
                (i == 0 ? end.out : end.err).append(part, static_cast<std::size_t>(n));
            else if (n == 0)
                (i == 0 ? out_open : err_open) = false;
        }
        if (entries[2].revents != 0) {
            protocol::ExitReport report{};
            const ssize_t n = ::recv(entries[2].fd, &report, sizeof report, MSG_DONTWAIT);
            if (n == static_cast<ssize_t>(sizeof report) && report.pid == pid) {
                end.status = report.status;
                kill(slot);  // whatever the program left running goes, and with it the pipes' other ends
            } else if (n == 0) {
                break;
            }
        }
        if (entries[3].revents != 0) {
            struct {
                hc_frame frame;
                hc_failed failed;
            } answer{};
            const ssize_t n = ::recv(entries[3].fd, &answer, sizeof answer, MSG_DONTWAIT);
            if (n <= 0) {
                channel_open = false;
                end.started = end.failure.step == 0;
            } else if (answer.frame.type == HC_FRAME_FAILED) {
                end.failure = {answer.failed.step, answer.failed.sys};
            }
        }
        if (entries[4].revents != 0) {
            const ssize_t n = sent < event.size() ? ::write(in.get(), event.data() + sent, event.size() - sent) : -1;
            if (n > 0) sent += static_cast<std::size_t>(n);
            if (n < 0 && errno == EAGAIN && sent < event.size()) continue;
            if (n < 0 || sent == event.size()) {
                in.reset();
                ::close(const_cast<BuiltSandbox&>(slot).fds[FdRole::Stdin].release());
            }
        }
    }
    return end;
}

}  // namespace hotcell::test
