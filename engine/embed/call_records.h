// The last calls, to be asked for by their request id. Threads: any.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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
    /// Of calls with the same id the last one. Looks at all of them: asked for by people, where every call is kept.
    std::optional<InvokeReport> find(std::string_view request_id) const {
        const std::scoped_lock lock(mutex_);
        for (std::size_t back = 1; back <= kept_.size(); ++back) {
            const InvokeReport& one = kept_[(next_ + kept_.size() - back) % kept_.size()];
            if (one.request_id == request_id) return one;
        }
        return std::nullopt;
    }

private:
    void keep(const InvokeReport& report) {
        const std::scoped_lock lock(mutex_);
        if (kept_.size() < most_) return kept_.push_back(report);
        kept_[next_] = report;  // over the oldest, whose memory is used again
        next_ = (next_ + 1) % most_;
    }

    const std::size_t most_;
    mutable std::mutex mutex_;
    std::vector<InvokeReport> kept_;
    std::size_t next_ = 0;  // the oldest, once there are most_
};

}  // namespace hotcell::embed
