#include "engine/environment/slots/builder_client.h"

#include "engine/base/result.h"

namespace hotcell::environment {

using protocol::BuilderReply;

BuilderClient::BuilderClient(Reactor& reactor, linux::UniqueFd pipe, std::function<void()> on_death)
    : on_death_(std::move(on_death)) {
    pipe_ = std::make_unique<MessagePipe>(
        reactor, std::move(pipe), sizeof(protocol::Built),
        [this](std::string_view bytes, std::vector<linux::UniqueFd>& fds) { receive(bytes, fds); }, [this] { die(); });
}

std::uint64_t BuilderClient::build_domain(std::uint32_t runtime, OnBuilt done) {
    protocol::BuildDomain request{};
    request.runtime = runtime;
    request.domain = next_id_++;
    if (!alive_) return done(fail(ErrorKind::Broken, "the builder has gone")), request.domain;
    building_[request.domain] = std::move(done);
    pipe_->send_struct(request);
    return request.domain;
}

std::uint64_t BuilderClient::build_slot(protocol::BuildSlot request, OnBuilt done) {
    request.slot = next_id_++;
    if (!alive_) return done(fail(ErrorKind::Broken, "the builder has gone")), request.slot;
    building_[request.slot] = std::move(done);
    pipe_->send_struct(request);
    return request.slot;
}

void BuilderClient::open_connections(std::uint64_t slot, std::uint32_t count, OnOpened done) {
    if (!alive_) return done(fail(ErrorKind::Broken, "the builder has gone"));
    protocol::OpenConnections request{};
    request.slot = slot;
    request.count = count;
    opening_[slot] = std::move(done);
    pipe_->send_struct(request);
}

void BuilderClient::destroy_slot(std::uint64_t slot, OnGone done) {
    if (!alive_) return done();
    protocol::DestroySlot request{};
    request.slot = slot;
    going_[slot] = std::move(done);
    pipe_->send_struct(request);
}

void BuilderClient::destroy_domain(std::uint64_t domain, OnGone done) {
    if (!alive_) return done();
    protocol::DestroyDomain request{};
    request.domain = domain;
    going_[domain] = std::move(done);
    pipe_->send_struct(request);
}

void BuilderClient::when_all_gone(std::function<void()> done) {
    if (going_.empty()) return done();
    all_gone_ = std::move(done);
}

void BuilderClient::receive(std::string_view bytes, std::vector<linux::UniqueFd>& fds) {
    protocol::Built built{};
    protocol::Gone gone{};
    protocol::ConnectionsOpened opened{};
    if (copy_message(bytes, built)) {
        if (auto found = building_.extract(built.id)) found.mapped()(open_reply(built, fds));
    } else if (copy_message(bytes, opened)) {
        auto found = opening_.extract(opened.id);
        if (!found) return;
        if (opened.count == 0 || opened.count != fds.size())
            return found.mapped()(fail_errno(opened.sys, "open connections to a sandbox"));
        found.mapped()(std::move(fds));
    } else if (copy_message(bytes, gone)) {
        // of a domain that ends, the slots are reported too, asked for or not
        if (auto found = going_.extract(gone.id)) found.mapped()();
        if (going_.empty() && all_gone_) std::exchange(all_gone_, nullptr)();
    }
}

void BuilderClient::die() {
    alive_ = false;
    auto building = std::exchange(building_, {});
    auto opening = std::exchange(opening_, {});
    auto going = std::exchange(going_, {});
    for (auto& [id, done] : building) done(fail(ErrorKind::Broken, "the builder has gone"));
    for (auto& [id, done] : opening) done(fail(ErrorKind::Broken, "the builder has gone"));
    for (auto& [id, done] : going) done();
    if (all_gone_) std::exchange(all_gone_, nullptr)();
    if (on_death_) on_death_();
}

}  // namespace hotcell::environment
