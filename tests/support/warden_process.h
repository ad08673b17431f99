// A real hotcell-warden driven by a test through its two pipes, without a front: what the builder and the warden do can
// be asked for one message at a time, also messages no front would send.
//
// Needs root. Everything it makes lies in a temporary directory and in control groups named hotcell-<instance>.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/linux/unique_fd.h"
#include "engine/protocol/channel.h"
#include "engine/protocol/forker.h"
#include "engine/protocol/front_builder.h"
#include "engine/protocol/front_warden.h"
#include "engine/protocol/warden_config.h"

namespace hotcell::test {

/// Built with its descriptors.
struct BuiltSandbox {
    protocol::Built reply{};
    std::map<protocol::FdRole, linux::UniqueFd> fds;
    std::vector<linux::UniqueFd> connections;
    std::uint64_t id = 0;
    bool ok() const { return reply.failure.step == 0; }
    int fd(protocol::FdRole role) const;
};

struct WardenOptions {
    std::string instance = "test";
    std::vector<protocol::Step> omitted;  // layers left out; empty: the product's warden
    std::vector<std::string> forker;      // argv of the forker of runtime 0; empty: the Python zygote
};

/// How a program ended, with what it wrote.
struct ProgramEnd {
    bool started = false;
    protocol::StepFailure failure{};
    int status = -1;  // as wait(2) gives it; -1: no report came
    std::string out;
    std::string err;
    bool exited_with(int code) const;
};

class WardenProcess {
public:
    explicit WardenProcess(const WardenOptions& options);
    ~WardenProcess();
    WardenProcess(const WardenProcess&) = delete;

    const protocol::Hello& hello() const { return hello_; }
    pid_t pid() const { return pid_; }
    pid_t builder_pid() const;
    const std::string& directory() const { return directory_; }

    BuiltSandbox build_domain(std::uint32_t runtime = 0);
    BuiltSandbox build_slot(const BuiltSandbox& domain, bool executor, std::uint64_t memory = 256 << 20,
                            std::uint16_t connections = 0, std::uint16_t listen_port = 0);
    /// What came with ConnectionsOpened; empty: refused, errno in `sys`.
    std::vector<linux::UniqueFd> open_connections(std::uint64_t slot, std::uint32_t count, int& sys);
    protocol::Attached attach(const BuiltSandbox& slot, const std::string& program);
    protocol::Sealed seal(const BuiltSandbox& slot, std::uint32_t most_processes = 0);
    void kill(const BuiltSandbox& slot);
    /// Waits for SlotGone.
    bool destroy_slot(const BuiltSandbox& slot);
    bool destroy_domain(const BuiltSandbox& domain);

    /// Stores a code directory of files (name → bytes); its content name.
    std::string store(const std::map<std::string, std::string>& files);
    std::string store(const std::string& file, const std::string& bytes) { return store({{file, bytes}}); }
    std::string store_file(const std::string& file, const std::string& path) { return store(file, read_file(path)); }
    static std::string read_file(const std::string& path);

    /// Asks the domain's forker for a child in the slot; the child is ready when this returns.
    hc_forked fork_into(const BuiltSandbox& domain, const BuiltSandbox& slot, std::uint64_t nonce = 7);
    /// Sends Run and collects output until the end is reported on `status_of` (the slot, or the domain of a forked child).
    ProgramEnd run(const BuiltSandbox& slot, const BuiltSandbox& status_of, std::uint32_t pid,
                   const std::vector<std::string>& arguments, const std::string& event = {},
                   std::chrono::milliseconds deadline = std::chrono::seconds(20));

    /// Raw access for tests of the pipes themselves.
    int to_builder() const { return builder_.get(); }
    int to_warden() const { return warden_.get(); }
    /// Closes both pipes, waits for the end. The exit status as wait(2) gives it.
    int stop();

    bool wait_ready(const BuiltSandbox& slot, std::uint64_t nonce);

private:
    template <class Reply>
    std::optional<Reply> receive(int socket, std::vector<linux::UniqueFd>* fds = nullptr);
    BuiltSandbox receive_built(std::uint64_t id);

    std::string directory_;
    pid_t pid_ = -1;
    linux::UniqueFd builder_;
    linux::UniqueFd warden_;
    protocol::Hello hello_{};
    std::uint64_t next_id_ = 1;
};

}  // namespace hotcell::test
