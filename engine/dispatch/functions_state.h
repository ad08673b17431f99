// What Functions is made of: an environment with its place in a pool, a call that has been let in, a pool of one version of one function.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "engine/dispatch/functions.h"
#include "engine/dispatch/invoke_report.h"
#include "engine/dispatch/new_environment.h"

namespace hotcell::dispatch {

using environment::Environment;
using environment::Manifest;

struct Functions::Worker {
    Pool* pool = nullptr;
    std::string version{};
    std::string id;
    std::shared_ptr<const Service> service;
    std::shared_ptr<const Function> function;
    SlotSource* source = nullptr;
    const Manifest* manifest = nullptr;
    StartKind kind = StartKind::Exec;
    std::shared_ptr<Environment> environment{};
    std::shared_ptr<telemetry::InstanceLog> lines{};
    struct Running {
        std::shared_ptr<const Flight> flight;
        std::uint64_t in_environment;  // Environment::call()'s number
    };
    std::vector<Running> calls_in{};
    enum class State : std::uint8_t { Starting, Busy, Idle, Freezing, Ended } state = State::Starting;
    bool initialized = false;
    bool initializing = false;
    bool retired = false;         // takes no calls any more
    std::uint32_t running = 0;    // calls
    std::uint32_t at_a_time = 1;  // calls it may run
    std::uint64_t calls = 0;
    std::int64_t created_ms = 0;
    std::uint64_t begun_ns = 0;
    std::uint64_t slot_ns = 0;
    std::uint64_t loaded_ns = 0;
    std::uint64_t idle_ns = 0;
    std::vector<Phase> slot_steps{};
    std::list<WorkerRef>::iterator place{};

    Bytes memory() const { return mebibytes(function->settings.memory_mib); }
    bool has_room() const {
        return state == State::Busy && !retired && !initializing && running < at_a_time && environment->is_alive() &&
               environment->is_healthy();
    }
};

struct Functions::Flight {
    FunctionCall call;
    PhaseClock phases;
    bool cold = false;
    std::string log{};  // of the initializer that ran for it
};

struct Functions::Pool {
    std::shared_ptr<const Function> function;
    std::shared_ptr<const Service> service;
    std::string version;
    std::vector<WorkerRef> idle;    // the warmest last
    std::vector<WorkerRef> shared;  // busy, with room for more calls
    std::deque<Flight> waiting;
    std::uint32_t at_a_time = 1;  // calls in one environment
    std::uint32_t starting = 0;
    std::uint32_t initializing = 0;        // with the call that waits for it
    std::uint32_t initializing_ahead = 0;  // for nobody yet
    std::uint32_t workers = 0;             // starting ones too
    bool hungry = false;                   // waits for its turn to start more
    std::uint32_t kept = 0;                // environments that stand whether or not anybody calls
    bool stays_awake = false;
    std::string keep_error;
    std::uint32_t keep_failures = 0;  // one after the other
    std::uint64_t keep_again_ns = 0;  // no sooner is one more started to be kept
    std::uint32_t most = 0;           // that may be started on demand, beside those that are kept

    bool is_full() const { return workers >= kept + most; }
    /// Calls for which there will be room without another start.
    std::size_t coming() const {
        return std::size_t{starting + initializing_ahead} * at_a_time + std::size_t{initializing} * (at_a_time - 1);
    }
    /// What cannot be started is tried again after a second, then after twice as long each time, up to a minute.
    void keep_failed(std::string error, std::uint64_t now_ns) {
        keep_error = std::move(error);
        const auto wait =
            std::min(std::chrono::seconds(60), std::chrono::seconds(1ll << std::min(keep_failures++, 6u)));
        keep_again_ns = now_ns + static_cast<std::uint64_t>(Nanos(wait).count());
    }
};

inline bool same_revision(const Function& one, const Service& its, const Function& other, const Service& others) {
    return one.etag == other.etag && its.etag == others.etag;
}

inline std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace hotcell::dispatch
