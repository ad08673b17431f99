#include "engine/environment/slots/built.h"

#include <algorithm>

#include "engine/base/result.h"

namespace hotcell::environment {

Error step_error(const protocol::StepFailure& failure, const std::string& doing) {
    const char* step = protocol::step_name(static_cast<std::uint16_t>(failure.step));
    return Error{ErrorKind::Broken, failure.sys, doing + ": " + step, {}};
}

Result<BuiltSandbox> open_reply(const protocol::Built& reply, std::vector<linux::UniqueFd>& fds) {
    if (reply.failure.step != 0) return std::unexpected(step_error(reply.failure, "build a sandbox"));
    if (reply.fd_count != fds.size() || reply.fd_count > protocol::kMostFds || reply.step_count > protocol::kMostSteps)
        return fail(ErrorKind::Broken, "build a sandbox: a reply whose descriptors do not fit it");
    BuiltSandbox built;
    built.id = reply.id;
    built.child_pid = reply.child_pid;
    built.landlock_abi = reply.landlock_abi;
    for (std::uint32_t i = 0; i < reply.step_count; ++i)
        built.steps.push_back({protocol::step_name(reply.steps[i].step), Nanos(reply.steps[i].nanoseconds)});
    for (std::uint32_t i = 0; i < reply.fd_count; ++i) {
        if (reply.fd_roles[i] >= built.fds.size())
            return fail(ErrorKind::Broken, "build a sandbox: an unknown descriptor");
        if (reply.fd_roles[i] == static_cast<std::uint8_t>(protocol::FdRole::Connection))
            built.connections.push_back(std::move(fds[i]));
        else
            built.fds[reply.fd_roles[i]] = std::move(fds[i]);
    }
    return built;
}

}  // namespace hotcell::environment
