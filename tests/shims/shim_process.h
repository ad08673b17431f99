// A shim as an engine would exec it, without a sandbox: the real interpreter on code in a temporary directory, its
// channel and its standard streams in the test's hands.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "engine/linux/unique_fd.h"
#include "tests/shims/frames.h"

namespace hotcell::test {

struct ShimCode {
    std::map<std::string, std::string> files;  // relative path → text
    std::string handler = "index.handler";
    std::string initializer = {};
    std::string env = R"({"PATH": "/usr/bin:/bin", "GREETING": "hello"})";
    bool shares_memory = false;  // results of 1000 bytes and more come through it
};

class ShimProcess {
public:
    /// Starts `command` + {"--code", DIR} with what `code` has, in the environment of an exec'ed shim. READY is awaited, LOAD sent.
    ShimProcess(const std::vector<std::string>& command, const ShimCode& code, bool load = true);
    ~ShimProcess();
    ShimProcess(const ShimProcess&) = delete;

    Answer call(const std::string& event, const std::string& request_id = "rid-1",
                std::uint32_t kind = HC_CALL_HANDLER);
    /// An HTTP call; `http` is the JSON object of the context.
    Answer call_http(const std::string& http, const std::string& body, const std::string& request_id = "rid-1");
    /// Through shared memory, in both directions.
    Answer call_shared(const std::string& event);
    /// Says that the event lies there, whatever is there.
    Answer call_at(const hc_shared& where);
    Answer initialize(const std::string& request_id = "rid-1") { return call({}, request_id, HC_CALL_INITIALIZER); }
    void send(const std::string& bytes);
    void end_input();  // what was sent is all there will be
    Answer receive();
    /// What lies in the pipe now, as the engine takes it when an answer comes.
    std::string out() { return take(out_.get()); }
    std::string err() { return take(err_.get()); }
    /// Waits for the process: its status as wait(2) gives it. Ends the channel first unless told otherwise.
    int wait(bool end_channel = true);
    const std::string& directory() const { return directory_; }

private:
    Answer exchange(std::uint32_t kind, const std::string& context, const std::string& event);
    std::string take(int fd);
    void start(const std::vector<std::string>& command);

    std::string directory_;
    pid_t pid_ = -1;
    std::uint64_t next_request_ = 0x1'0000'0001;
    linux::UniqueFd calls_;
    linux::UniqueFd answers_;
    linux::UniqueFd memory_;
    linux::UniqueFd out_;
    linux::UniqueFd err_;
};

/// Starts the shim on an echo of `code` and sees events and results go through shared memory, small ones and errors over the
/// socket, and the shim end when it is told a place that is none.
void expect_echo_through_memory(const std::vector<std::string>& command, ShimCode code);

}  // namespace hotcell::test
