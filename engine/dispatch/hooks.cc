#include "engine/dispatch/hooks.h"

#include <chrono>
#include <string>

#include "engine/linux/files/files.h"

namespace hotcell::dispatch {

void call_hook(environment::Environment& environment, std::uint32_t kind, const LifecycleHook& hook,
               std::string_view version, std::function<void()> done) {
    using std::chrono::milliseconds, std::chrono::duration_cast, std::chrono::system_clock;
    const auto deadline = system_clock::now() + std::chrono::seconds(hook.timeout_s);
    const std::string request_id = linux::random_uuid();
    environment.call({.kind = kind,
                      .request_id = request_id,
                      .qualifier = version,
                      .deadline_ms = duration_cast<milliseconds>(deadline.time_since_epoch()).count(),
                      .event = {},
                      .timeout = std::chrono::seconds(hook.timeout_s)},
                     [done = std::move(done)](const environment::Answer&) { done(); });
}

}  // namespace hotcell::dispatch
