// The phases of one call: each begins where the one before it ended.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "hotcell/run.h"

namespace hotcell::dispatch {

class PhaseClock {
public:
    explicit PhaseClock(std::uint64_t accepted_ns) : first_(accepted_ns), last_(accepted_ns) { phases_.reserve(8); }

    void end(const char* phase) {
        const std::uint64_t now = monotonic_ns();
        phases_.push_back({phase, Nanos(now - last_)});
        last_ = now;
    }
    /// The phase has ended at that time, now or before.
    void end_at(const char* phase, std::uint64_t now) {
        now = std::max(now, last_);
        phases_.push_back({phase, Nanos(now - last_)});
        last_ = now;
    }
    /// A part of a phase, ended or not; parts may overlap each other.
    void add_part(const char* phase, const std::string& name, Nanos duration) {
        parts_.push_back({std::string(phase) + "." + name, duration});
    }

    /// All of them, each phase followed by its parts.
    std::vector<Phase> take() {
        if (parts_.empty()) return std::move(phases_);
        std::vector<Phase> all;
        for (Phase& phase : phases_) {
            const std::string prefix = phase.name + ".";
            all.push_back(std::move(phase));
            for (const Phase& part : parts_)
                if (part.name.starts_with(prefix)) all.push_back(part);
        }
        return all;
    }
    Nanos total() const { return Nanos(last_ - first_); }

private:
    std::uint64_t first_;
    std::uint64_t last_;
    std::vector<Phase> phases_;
    std::vector<Phase> parts_;
};

}  // namespace hotcell::dispatch
