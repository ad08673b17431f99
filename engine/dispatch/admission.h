// How much may run at once: calls and the memory promised to them. Refuses at the door, never queues.
//
// Threads: the engine's.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"
#include "hotcell/units.h"

namespace hotcell::dispatch {

class Admission {
public:
    Admission(std::uint32_t most_runs, Bytes budget) : most_runs_(most_runs), budget_(budget) {}

    /// Exhausted, naming the limit. What was admitted must be released.
    Result<> admit(Bytes memory) {
        if (closed_) return fail(ErrorKind::Exhausted, "the engine is draining: no new calls");
        if (runs_ >= most_runs_)
            return fail(ErrorKind::Exhausted, std::to_string(runs_) + " calls are running, at most " +
                                                  std::to_string(most_runs_) + " may (concurrent_runs)");
        if (memory.count > budget_.count - promised_)
            return fail(ErrorKind::Exhausted, "limits.memory: " + std::to_string(memory.count) +
                                                  " bytes are asked for, " + std::to_string(budget_.count - promised_) +
                                                  " of " + std::to_string(budget_.count) + " are free (memory_budget)");
        ++runs_;
        promised_ += memory.count;
        return {};
    }
    void release(Bytes memory) {
        --runs_;
        promised_ -= memory.count;
    }
    /// Memory of an environment, which stays promised between its calls. False when there is not so much.
    bool reserve(Bytes memory) {
        if (closed_ || memory.count > budget_.count - promised_) return false;
        promised_ += memory.count;
        return true;
    }
    void give_back(Bytes memory) { promised_ -= memory.count; }
    Bytes budget() const { return budget_; }
    bool is_closed() const { return closed_; }
    void close() { closed_ = true; }
    std::uint32_t runs() const { return runs_; }

private:
    std::uint32_t most_runs_;
    Bytes budget_;
    std::uint32_t runs_ = 0;
    std::uint64_t promised_ = 0;
    bool closed_ = false;
};

}  // namespace hotcell::dispatch
