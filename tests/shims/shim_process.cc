#include "tests/shims/shim_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "engine/protocol/forker.h"

namespace hotcell::test {

using linux::UniqueFd;

namespace {

std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("make a pipe");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

ShimProcess::ShimProcess(const std::vector<std::string>& command, const ShimCode& code, bool load) {
    ::signal(SIGPIPE, SIG_IGN);
    char name[] = "/tmp/hotcell-shim-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("make a temporary directory");
    directory_ = name;
    for (const auto& [file, text] : code.files) {
        const std::filesystem::path path = directory_ + "/" + file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    if (code.shares_memory) {
        memory_ = UniqueFd(::memfd_create("shared", MFD_CLOEXEC));
        if (::ftruncate(memory_.get(), HC_MEMORY_BYTES) != 0) throw std::runtime_error("make shared memory");
    }
    start(command);
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto before = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000;
    const Answer first = receive();
    hc_ready ready{};
    if (first.type != HC_FRAME_READY || first.payload.size() != sizeof ready)
        throw std::runtime_error("the shim did not say READY: " + err());
    std::memcpy(&ready, first.payload.data(), sizeof ready);
    if (ready.nonce != 0 || ready.ready_ns < before) throw std::runtime_error("READY with a wrong nonce or time");
    const std::string memory = R"({"size": )" + std::to_string(HC_MEMORY_BYTES) + R"(, "resultsAt": )" +
                               std::to_string(HC_MEMORY_RESULTS_AT) + R"(, "resultsFrom": 1000})";
    const std::string payload =
        load_payload(code.handler, code.initializer, code.env, code.shares_memory ? memory : std::string());
    if (load) send(frame(HC_FRAME_LOAD, payload, static_cast<std::uint32_t>(payload.size())));
}

void ShimProcess::start(const std::vector<std::string>& command) {
    auto [calls_read, calls_write] = make_pipe();
    auto [answers_read, answers_write] = make_pipe();
    auto [out_read, out_write] = make_pipe();
    auto [err_read, err_write] = make_pipe();
    std::vector<std::string> words = command;
    words.insert(words.end(), {"--code", directory_});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    char language[] = "LANG=C.UTF-8";
    char path[] = "PATH=/usr/bin:/bin";
    char leftover[] = "LEFT_OVER=1";  // of the time before LOAD
    char* environment[] = {language, path, leftover, nullptr};
    pid_ = ::fork();
    if (pid_ == 0) {
        const int moves[][2] = {{out_write.get(), 1},
                                {err_write.get(), 2},
                                {calls_read.get(), HC_CALLS_FD},
                                {answers_write.get(), HC_ANSWERS_FD}};
        ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
        if (memory_) ::dup2(memory_.get(), HC_MEMORY_FD + 100);
        for (const auto& [from, to] : moves) ::dup2(from, to + 100);
        for (const auto& [from, to] : moves) ::dup2(to + 100, to);
        if (memory_)
            ::dup2(HC_MEMORY_FD + 100, HC_MEMORY_FD);
        else
            ::close(HC_MEMORY_FD);
        ::close_range(HC_ANSWERS_FD + 1, ~0u, 0);
        ::execve(arguments[0], arguments.data(), environment);
        ::_exit(127);
    }
    for (const int fd : {out_read.get(), err_read.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    calls_ = std::move(calls_write);
    answers_ = std::move(answers_read);
    out_ = std::move(out_read);
    err_ = std::move(err_read);
}

ShimProcess::~ShimProcess() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void ShimProcess::send(const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t n = ::write(calls_.get(), bytes.data() + sent, bytes.size() - sent);
        if (n < 0) return;  // what the process made of it is seen by what it answers
        sent += static_cast<std::size_t>(n);
    }
}

void ShimProcess::end_input() { calls_.reset(); }

Answer ShimProcess::receive() { return receive_answer(answers_.get()); }

Answer ShimProcess::call(const std::string& event, const std::string& request_id, std::uint32_t kind) {
    return exchange(kind, context_of(request_id), event);
}

Answer ShimProcess::call_at(const hc_shared& where) {
    send(invoke_frame(next_request_++, HC_CALL_HANDLER, context_of("rid-1"), where));
    return receive();
}

Answer ShimProcess::call_shared(const std::string& event) {
    if (::pwrite(memory_.get(), event.data(), event.size(), 0) != static_cast<ssize_t>(event.size()))
        throw std::runtime_error("put the event");
    Answer answer = call_at({0, static_cast<std::uint32_t>(event.size())});
    hc_shared where{};
    if ((answer.flags & HC_SHARED) == 0 || answer.payload.size() != sizeof where) return answer;
    std::memcpy(&where, answer.payload.data(), sizeof where);
    if (where.offset < HC_MEMORY_RESULTS_AT || where.length > HC_MEMORY_BYTES - where.offset) return answer;
    answer.payload.assign(where.length, '\0');
    if (::pread(memory_.get(), answer.payload.data(), where.length, where.offset) != static_cast<ssize_t>(where.length))
        throw std::runtime_error("take the result");
    return answer;
}

void expect_echo_through_memory(const std::vector<std::string>& command, ShimCode code) {
    code.shares_memory = true;
    {
        ShimProcess shim(command, code);
        EXPECT_TRUE(shim.call("small").is_result());
        for (const std::size_t size :
             {std::size_t{1000}, std::size_t{6} << 20, std::size_t{70'000}, std::size_t{999}}) {
            std::string event(size, 'x');
            for (std::size_t i = 0; i < event.size(); i += 97) event[i] = static_cast<char>(i);
            const Answer answer = shim.call_shared(event);
            EXPECT_EQ(answer.type, HC_FRAME_RESULT) << answer;
            EXPECT_EQ(answer.flags, size >= 1000 ? HC_SHARED : 0) << size;
            EXPECT_TRUE(answer.payload == event) << size;
        }
        EXPECT_TRUE(shim.call(std::string(500, 'y')).is_result()) << "a small one after that";
        EXPECT_EQ(shim.wait(), 0);
    }
    for (const hc_shared& where : {hc_shared{HC_MEMORY_BYTES, 1}, hc_shared{HC_MEMORY_BYTES - 10, 20}}) {
        ShimProcess shim(command, code);
        EXPECT_EQ(shim.call_at(where).type, 0);
        EXPECT_EQ(WEXITSTATUS(shim.wait(false)), 1);
        EXPECT_NE(shim.err().find("hotcell shim: "), std::string::npos);
    }
}

Answer ShimProcess::call_http(const std::string& http, const std::string& body, const std::string& request_id) {
    return exchange(HC_CALL_HTTP, http_context_of(request_id, http), body);
}

Answer ShimProcess::exchange(std::uint32_t kind, const std::string& context, const std::string& event) {
    const std::uint64_t request = next_request_++;
    send(invoke_frame(request, kind, context, event));
    Answer answer = receive();
    if (answer.type != 0 && answer.request != request) throw std::runtime_error("the answer has another number");
    return answer;
}

std::string ShimProcess::take(int fd) {
    std::string text;
    char part[65536];
    for (ssize_t n; (n = ::read(fd, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
    return text;
}

int ShimProcess::wait(bool end_channel) {
    if (end_channel) calls_.reset();
    int status = -1;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
}

}  // namespace hotcell::test
