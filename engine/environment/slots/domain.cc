#include "engine/environment/slots/domain.h"

#include <cerrno>

#include "engine/base/result.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell::environment {

using protocol::FdRole;

namespace {
constexpr std::size_t kMostUnmatched = 1024;
constexpr std::size_t kMostLine = 1000;
}  // namespace

/// Lines of the forker's output, cut at kMostLine.
class Domain::LineReader {
public:
    LineReader(Reactor& reactor, linux::UniqueFd fd, std::function<void(std::string_view)> on_line)
        : watch_(reactor, std::move(fd)), on_line_(std::move(on_line)) {
        wait();
    }

private:
    void wait() {
        watch_.when_readable([this] { read(); });
    }
    void read() {
        char part[4096];
        const long n = linux::read_some(watch_.fd(), part, sizeof part);
        if (n == 0 || (n < 0 && n != -EAGAIN)) return;
        for (long i = 0; i < n; ++i) {
            if (part[i] != '\n') line_ += part[i];
            if (part[i] != '\n' && line_.size() < kMostLine) continue;
            if (on_line_) on_line_(line_);
            line_.clear();
        }
        wait();
    }

    Watch watch_;
    std::string line_;
    std::function<void(std::string_view)> on_line_;
};

Domain::Domain(Reactor& reactor, BuiltSandbox built, bool has_forker, Hooks hooks)
    : id_(built.id),
      forker_pid_(has_forker ? built.child_pid : 0),
      landlock_abi_(built.landlock_abi),
      hooks_(std::move(hooks)) {
    status_ = std::make_unique<MessagePipe>(
        reactor, built.take(FdRole::Status), sizeof(protocol::ExitReport),
        [this](std::string_view bytes, std::vector<linux::UniqueFd>&) { receive_status(bytes); }, [this] { die(); });
    if (linux::UniqueFd control = built.take(FdRole::Control))
        control_ = std::make_unique<MessagePipe>(
            reactor, std::move(control), sizeof(hc_forked),
            [this](std::string_view bytes, std::vector<linux::UniqueFd>&) { receive_control(bytes); },
            [this] { die(); });
    if (linux::UniqueFd out = built.take(FdRole::Stdout))
        out_ = std::make_unique<LineReader>(reactor, std::move(out), hooks_.log);
    if (linux::UniqueFd err = built.take(FdRole::Stderr))
        err_ = std::make_unique<LineReader>(reactor, std::move(err), hooks_.log);
}

Domain::~Domain() = default;

void Domain::fork(std::uint64_t slot, std::uint64_t nonce, OnForked done) {
    if (!alive_ || !control_) return done(fail(ErrorKind::Broken, "the forker has gone"));
    forking_[slot] = std::move(done);
    control_->send_struct(hc_fork{HC_FORK, 0, slot, nonce});
}

void Domain::receive_control(std::string_view bytes) {
    hc_forked answer{};
    if (!copy_message(bytes, answer) || answer.type != HC_FORKED) return;
    auto found = forking_.extract(answer.slot);
    if (!found) return;
    ++children_;
    if (answer.pid > 0)
        found.mapped()(answer);
    else
        found.mapped()(std::unexpected(step_error({answer.failed_step, answer.sys}, "fork into the sandbox")));
    if (forking_.empty()) unmatched_.clear();
}

void Domain::receive_status(std::string_view bytes) {
    protocol::ExitReport report{};
    if (!copy_message(bytes, report)) return;
    if (report.pid == forker_pid_ && forker_pid_ != 0) return die();
    if (auto found = expected_.extract(report.pid)) return found.mapped()(report);
    // no child of a fork that has been answered: a stranger's orphan, unless its answer is still on its way
    if (forking_.empty()) return;
    if (unmatched_.size() == kMostUnmatched) unmatched_.pop_front();
    unmatched_.push_back(report);
}

void Domain::expect_exit(std::uint32_t pid, OnExit done) {
    for (auto at = unmatched_.begin(); at != unmatched_.end(); ++at) {
        if (at->pid != pid) continue;
        const protocol::ExitReport report = *at;
        unmatched_.erase(at);
        return done(report);
    }
    expected_[pid] = std::move(done);
}

void Domain::die() {
    if (!alive_) return;
    alive_ = false;
    for (auto& [slot, done] : std::exchange(forking_, {})) done(fail(ErrorKind::Broken, "the forker has ended"));
    if (auto on_death = std::exchange(hooks_.on_death, nullptr)) on_death();
}

}  // namespace hotcell::environment
