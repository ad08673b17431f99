// The last calls, to be asked for by their request id. Threads: any.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hotcell/invocation.h"

namespace hotcell::embed {

class CallRecords {
public:
    explicit CallRecords(std::size_t most) : most_(most) {}

    /// Everything but the payload is kept. `report` is as before afterwards.
    void add(InvokeReport& report) {
        std::string payload = std::exchange(report.payload, {});  // never copied
        keep(report);
        report.payload = std::move(payload);
    }
    std::optional<InvokeReport> find(const std::string& request_id) const {
        const std::scoped_lock lock(mutex_);
        const auto found = by_id_.find(request_id);
        return found == by_id_.end() ? std::nullopt : std::optional(kept_[found->second]);
    }

private:
    void keep(const InvokeReport& report) {
        const std::scoped_lock lock(mutex_);
        const auto known = by_id_.find(report.request_id);
        if (known != by_id_.end()) {
            const std::size_t at = known->second;
            by_id_.erase(known);  // its key lies in what is written over
            return put(report, at);
        }
        if (kept_.size() < most_) {
            kept_.reserve(most_);  // keys lie in it
            kept_.emplace_back();
            return put(report, kept_.size() - 1);
        }
        by_id_.erase(kept_[oldest_].request_id);
        put(report, std::exchange(oldest_, (oldest_ + 1) % most_));
    }
    /// Over an older record, whose memory is used again.
    void put(const InvokeReport& report, std::size_t at) {
        kept_[at] = report;
        by_id_.emplace(kept_[at].request_id, at);
    }

    const std::size_t most_;
    mutable std::mutex mutex_;
    std::vector<InvokeReport> kept_;
    std::size_t oldest_ = 0;  // once there are most_
    std::unordered_map<std::string_view, std::size_t> by_id_;
};

}  // namespace hotcell::embed
