#include "engine/environment/slots/warden_client.h"

#include <cstring>

#include "engine/base/result.h"
#include "engine/environment/slots/built.h"

namespace hotcell::environment {

WardenClient::WardenClient(Reactor& reactor, linux::UniqueFd pipe, std::function<void()> on_death)
    : on_death_(std::move(on_death)) {
    pipe_ = std::make_unique<MessagePipe>(
        reactor, std::move(pipe), sizeof(protocol::Attached),
        [this](std::string_view bytes, std::vector<linux::UniqueFd>&) { receive(bytes); }, [this] { die(); });
}

void WardenClient::attach(std::uint64_t slot, const std::string& name, protocol::MountPlace place, OnAttached done) {
    protocol::Attach request{};
    if (!alive_) return done(fail(ErrorKind::Broken, "the warden has gone"));
    if (name.size() != sizeof request.name) return done(fail(ErrorKind::Broken, "attach: not a name of the store"));
    request.slot = slot;
    request.place = place;
    std::memcpy(request.name, name.data(), sizeof request.name);
    attaching_[slot].push_back(std::move(done));
    pipe_->send_struct(request);
}

void WardenClient::kill(std::uint64_t slot) {
    if (!alive_) return;
    protocol::Kill request{};
    request.slot = slot;
    pipe_->send_struct(request);
}

void WardenClient::receive(std::string_view bytes) {
    protocol::Attached reply{};
    if (!copy_message(bytes, reply)) return;
    const auto found = attaching_.find(reply.slot);
    if (found == attaching_.end()) return;
    const OnAttached done = std::move(found->second.front());
    found->second.pop_front();
    if (found->second.empty()) attaching_.erase(found);
    if (reply.failure.step != 0) return done(std::unexpected(step_error(reply.failure, "attach the program")));
    done(Nanos(reply.nanoseconds));
}

void WardenClient::die() {
    alive_ = false;
    for (auto& [slot, waiting] : std::exchange(attaching_, {}))
        for (const OnAttached& done : waiting) done(fail(ErrorKind::Broken, "the warden has gone"));
    if (on_death_) on_death_();
}

}  // namespace hotcell::environment
