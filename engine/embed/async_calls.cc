#include "engine/embed/async_calls.h"

#include <chrono>
#include <utility>

#include "engine/base/result.h"
#include "engine/catalog/rules/rules.h"
#include "engine/linux/files/files.h"

namespace hotcell::embed {

using dispatch::async::EventQueue;
using dispatch::async::Happening;

namespace {

constexpr std::uint32_t kLongestDelay = 3600;
constexpr std::size_t kLongestId = 128;
constexpr std::string_view kIdFormat = "^[_a-zA-Z][-_a-zA-Z0-9]*$";
constexpr std::string_view kIdBegin = "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_invocation_id(std::string_view id) {
    const std::string letters = std::string(kIdBegin) + "-0123456789";
    return id.size() <= kLongestId && kIdBegin.find(id[0]) != kIdBegin.npos && id.find_first_not_of(letters) == id.npos;
}

std::unexpected<Error> refuse_size(std::size_t most) {
    return catalog::refuse(ErrorKind::InvalidArgument, "EntityTooLarge",
                           "payload size exceeds maximum allowed size (" + std::to_string(most) + " bytes)");
}

}  // namespace

AsyncCalls::AsyncCalls(std::unique_ptr<EventQueue> queue, AsyncParts parts)
    : parts_(std::move(parts)), timer_(parts_.storage), queue_(std::move(queue)) {
    dispatch::async::QueueParts inside;
    inside.invoke = parts_.invoke;
    inside.cancel = parts_.cancel;
    inside.config = [this](const FunctionReference& of) { return config_of(of); };
    inside.wake = [this] { parts_.storage.post([this] { queue_->turn(); }); };
    inside.wake_in = [this](std::int64_t ms) {
        timer_.start(std::chrono::milliseconds(ms), [this] { queue_->turn(); });
    };
    inside.count = [this](const std::string& service, const std::string& function, Happening what, double seconds) {
        metrics_.count(service, function, what, seconds);
    };
    inside.log = [this](const std::string& line) {
        if (parts_.log) parts_.log(line);
    };
    inside.new_id = [] { return linux::random_uuid(); };
    queue_->begin(std::move(inside));
    parts_.storage.post([this] { queue_->turn(); });
}

void AsyncCalls::settle() {
    parts_.storage.post([this] {
        queue_->turn();
        timer_.cancel();
    });
}

AsyncConfig AsyncCalls::config_of(const FunctionReference& of) const {
    auto config = parts_.catalog.get_async_config(of);
    return config ? std::move(*config) : AsyncConfig{};
}

Result<> AsyncCalls::check(const AsyncRequest& request) const {
    const InvokeRequest& call = request.call;
    if (call.log_tail) return catalog::refuse_value("LogType", "None", "Tail");
    if (call.stream)
        return catalog::refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                               "an answer in pieces goes to the one who waits for it: the call cannot be asynchronous");
    if (call.event.size() > dispatch::async::kMostEvent) return refuse_size(dispatch::async::kMostEvent);
    if (request.delay_s > kLongestDelay)
        return catalog::refuse_value("AsyncDelay", "0-" + std::to_string(kLongestDelay),
                                     std::to_string(request.delay_s));
    if (!request.invocation_id.empty() && !is_invocation_id(request.invocation_id))
        return catalog::refuse(ErrorKind::InvalidArgument, "InvalidArgument",
                               "StatefulAsyncInvocationId doesn't match expected format (allowed: '" +
                                   std::string(kIdFormat) + "', at most 128 characters)");
    TRY(parts_.catalog.get_function(call.service, call.function, call.qualifier));
    return {};
}

void AsyncCalls::invoke(AsyncRequest request, const Done<AsyncAccepted>& done) {
    if (auto sound = check(request); !sound) return done(std::unexpected(std::move(sound).error()));
    if (request.call.request_id.empty()) request.call.request_id = linux::random_uuid();
    const bool stateful =
        request.stateful || config_of({request.call.service, request.call.qualifier, request.call.function}).stateful;
    queue_->enqueue(std::move(request), stateful, done);
}

void AsyncCalls::get(FunctionReference of, std::string invocation_id, Done<AsyncRecord> done) {
    queue_->get(std::move(of), std::move(invocation_id), std::move(done));
}

void AsyncCalls::list(FunctionReference of, AsyncListRequest request, const Done<Page<AsyncRecord>>& done) {
    if (request.limit < 1 || request.limit > 100)
        return done(catalog::refuse_value("limit", "1-100", std::to_string(request.limit)));
    if (auto there = parts_.catalog.get_function(of.service, of.function); !there)
        return done(std::unexpected(std::move(there).error()));
    queue_->list(std::move(of), std::move(request), done);
}

void AsyncCalls::stop(FunctionReference of, std::string invocation_id, Done<> done) {
    queue_->stop(std::move(of), std::move(invocation_id), std::move(done));
}

AsyncState AsyncCalls::state() const {
    const dispatch::async::QueueState now = queue_->state();
    return {now.waiting, now.bytes, now.running, now.records};
}

}  // namespace hotcell::embed
