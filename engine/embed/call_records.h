// The last calls, to be asked for by their request id. Threads: any.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "hotcell/invocation.h"

namespace hotcell::embed {

class CallRecords {
public:
    explicit CallRecords(std::size_t most) : most_(most) {}

    /// Everything but the payload is kept.
    void add(const InvokeReport& report) {
        InvokeReport kept = report;
        kept.payload = {};
        const std::scoped_lock lock(mutex_);
        if (!by_id_.insert_or_assign(kept.request_id, std::move(kept)).second) return;
        order_.push_back(report.request_id);
        if (order_.size() <= most_) return;
        by_id_.erase(order_.front());
        order_.pop_front();
    }
    std::optional<InvokeReport> find(const std::string& request_id) const {
        const std::scoped_lock lock(mutex_);
        const auto found = by_id_.find(request_id);
        return found == by_id_.end() ? std::nullopt : std::optional(found->second);
    }

private:
    const std::size_t most_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, InvokeReport> by_id_;
    std::deque<std::string> order_;
};

}  // namespace hotcell::embed
