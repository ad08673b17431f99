// A CallService that answers calls as the test says.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/api/call_service.h"

namespace hotcell::api {

class FakeCallService : public CallService {
public:
    std::uint64_t invoke(InvokeRequest request, std::function<void(Result<InvokeReport>)> done) override {
        Result<InvokeReport> report = answer_(request);
        std::uint64_t number = 0;
        {
            const std::lock_guard lock(mutex_);
            calls_.push_back(request);
            number = calls_.size();
            if (report) {
                report->request_id = request.request_id;
                reports_[request.request_id] = *report;
            }
            if (holds_(request)) held_[number] = {std::exchange(done, nullptr), std::move(report)};
            changed_.notify_all();
        }
        if (done) done(std::move(report));
        return number;
    }
    void cancel(std::uint64_t call) override {
        auto held = take(call);
        {
            const std::lock_guard lock(mutex_);
            cancelled_.push_back(call);
            changed_.notify_all();
        }
        if (held.done)
            held.done(std::unexpected(
                Error{ErrorKind::Broken, 0, "Invocation canceled by client", "", "ClientClosedRequest"}));
    }
    /// Answers a call that is held.
    void release(std::uint64_t call) {
        auto held = take(call);
        if (held.done) held.done(std::move(held.report));
    }
    /// Waits until so many calls have been made, or cancelled; false after ten seconds.
    bool wait_for_calls(std::size_t count) {
        return wait([&] { return calls_.size() >= count; });
    }
    bool wait_for_cancelled(std::size_t count) {
        return wait([&] { return cancelled_.size() >= count; });
    }
    std::vector<std::uint64_t> cancelled() const {
        const std::lock_guard lock(mutex_);
        return cancelled_;
    }
    void invoke_async(AsyncRequest request, std::function<void(Result<AsyncAccepted>)> done) override {
        AsyncAccepted accepted{request.call.request_id,
                               request.invocation_id.empty() ? request.call.request_id : request.invocation_id};
        const bool known = records_.contains(accepted.invocation_id);
        AsyncRecord record;
        record.invocation_id = accepted.invocation_id;
        record.request_id = request.call.request_id;
        record.service = request.call.service;
        record.function = request.call.function;
        record.qualifier = request.call.qualifier;
        record.status = "Running";
        record.started_ms = 1'000;
        record.payload = request.call.event;
        record.events = {{1, "Enqueued", 999, ""}, {2, "Running", 1'000, ""}};
        {
            const std::lock_guard lock(mutex_);
            async_.push_back(std::move(request));
            if (!known) records_[accepted.invocation_id] = std::move(record);
        }
        if (known)
            return done(std::unexpected(
                Error{ErrorKind::Conflict, 0, "it exists", "", "StatefulAsyncInvocationAlreadyExists"}));
        done(std::move(accepted));
    }
    void async_invocation(FunctionReference, std::string invocation_id,
                          std::function<void(Result<AsyncRecord>)> done) override {
        const auto found = records_.find(invocation_id);
        if (found == records_.end())
            return done(std::unexpected(
                Error{ErrorKind::NotFound, 0, "it does not exist", "", "StatefulAsyncInvocationNotFound"}));
        done(found->second);
    }
    void async_invocations(FunctionReference, AsyncListRequest request,
                           std::function<void(Result<Page<AsyncRecord>>)> done) override {
        list_ = request;
        Page<AsyncRecord> page;
        for (const auto& [id, record] : records_)
            if (page.items.size() < request.limit) page.items.push_back(record);
        if (page.items.size() < records_.size()) page.next_token = "7";
        done(std::move(page));
    }
    void stop_async(FunctionReference, std::string invocation_id, std::function<void(Result<>)> done) override {
        const auto found = records_.find(invocation_id);
        if (found == records_.end() || found->second.status == "Stopped")
            return done(
                std::unexpected(Error{ErrorKind::InvalidArgument, 0, "it has ended already", "", "InvalidArgument"}));
        found->second.status = "Stopped";
        done({});
    }
    Result<InvokeReport> invocation(const std::string& request_id) const override {
        const std::lock_guard lock(mutex_);
        const auto found = reports_.find(request_id);
        if (found != reports_.end()) return found->second;
        return std::unexpected(
            Error{ErrorKind::NotFound, 0, "invocation '" + request_id + "' is not known", "", "InvocationNotFound"});
    }
    void logs(LogQuery query, Millis wait, std::function<void(LogPage)> done) override {
        LogPage page = log_(query);
        {
            const std::lock_guard lock(mutex_);
            log_requests_.emplace_back(std::move(query), wait);
        }
        done(std::move(page));
    }
    std::vector<std::pair<LogQuery, Millis>> log_requests() const {
        const std::lock_guard lock(mutex_);
        return log_requests_;
    }
    std::vector<Instance> instances(const std::string& service, const std::string& function) const override {
        std::vector<Instance> found;
        std::ranges::copy_if(instances_, std::back_inserter(found), [&](const Instance& instance) {
            return (service.empty() || service == instance.service) &&
                   (function.empty() || function == instance.function);
        });
        return found;
    }
    std::uint64_t evict_instances(const std::string& service, const std::string& function) override {
        return instances(service, function).size();
    }
    ProvisionState provision_state(const FunctionReference&) const override { return provision_; }
    std::vector<RuntimeSummary> runtimes() const override {
        return {{"python3", {"python3", "python3.10"}, {"zygote", "exec"}, "host"}};
    }
    std::string metrics() const override { return metrics_; }

    std::vector<InvokeRequest> calls() const {
        const std::lock_guard lock(mutex_);
        return calls_;
    }

    std::vector<AsyncRequest> asynchronous() const {
        const std::lock_guard lock(mutex_);
        return async_;
    }
    AsyncListRequest list_;  // the last one
    ProvisionState provision_;

    std::function<Result<InvokeReport>(const InvokeRequest&)> answer_ = [](const InvokeRequest& request) {
        InvokeReport report;
        report.payload = request.event;
        report.qualifier = request.qualifier;
        report.version = "LATEST";
        report.instance_id = "c-1";
        report.code_checksum = 42;
        report.start = "warm";
        report.handler = Nanos(3'870'000);
        report.peak_memory = Bytes{105'130'230};
        if (request.log_tail) report.log_tail = "a line of the log\n";
        report.phases = {{"queue", Nanos(12'000)}, {"handler", Nanos(3'870'000)}};
        report.total = Nanos(4'000'000);
        return report;
    };
    std::function<LogPage(const LogQuery&)> log_ = [](const LogQuery&) { return LogPage{}; };
    std::string metrics_ = "# TYPE hotcell_invocations_total counter\n";
    /// Whether a call waits for release() or cancel().
    std::function<bool(const InvokeRequest&)> holds_ = [](const InvokeRequest&) { return false; };
    std::vector<Instance> instances_{{"c-1", "img", "resize", "LATEST", "idle", "zygote", 0, 7, mebibytes(20)},
                                     {"c-2", "img", "crop", "LATEST", "busy", "exec", 0, 1, mebibytes(30)}};

private:
    struct Held {
        std::function<void(Result<InvokeReport>)> done{};
        Result<InvokeReport> report{};
    };
    Held take(std::uint64_t call) {
        const std::lock_guard lock(mutex_);
        const auto found = held_.find(call);
        if (found == held_.end()) return {};
        Held held = std::move(found->second);
        held_.erase(found);
        return held;
    }
    template <class Is>
    bool wait(Is is_so) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), is_so);
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Held> held_;
    std::vector<std::uint64_t> cancelled_;
    std::vector<std::pair<LogQuery, Millis>> log_requests_;
    std::map<std::string, InvokeReport> reports_;
    std::vector<InvokeRequest> calls_;
    std::vector<AsyncRequest> async_;
    std::map<std::string, AsyncRecord> records_;
};

}  // namespace hotcell::api
