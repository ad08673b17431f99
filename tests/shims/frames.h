// The engine's side of a shim's channel, frame by frame, well formed or not.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "engine/protocol/channel.h"

namespace hotcell::test {

struct Answer {
    std::uint16_t type = 0;  // 0: the channel ended instead
    std::uint16_t flags = 0;
    std::uint64_t request = 0;
    std::string payload;

    bool is_result() const { return type == HC_FRAME_RESULT && flags == 0; }
    bool is_http() const { return type == HC_FRAME_RESULT && flags == HC_HTTP_HEAD; }
    /// Of an HTTP call's: the head's JSON and what follows it; empty when there is no head.
    std::string head() const;
    std::string body() const;
    bool is_unhandled() const { return type == HC_FRAME_ERROR && (flags & HC_HANDLED) == 0; }
    bool is_handled() const { return type == HC_FRAME_ERROR && flags == HC_HANDLED; }
    bool has(const std::string& part) const { return payload.find(part) != std::string::npos; }
    friend std::ostream& operator<<(std::ostream& out, const Answer& answer);
};

/// The frame of an INVOKE with context and event.
std::string invoke_frame(std::uint64_t request, std::uint32_t kind, const std::string& context,
                         const std::string& event);
/// The same for an event that lies in shared memory.
std::string invoke_frame(std::uint64_t request, std::uint32_t kind, const std::string& context, const hc_shared& event);
/// Any frame; `length` is what its head says.
std::string frame(std::uint16_t type, const std::string& payload, std::uint32_t length);
std::string context_of(const std::string& request_id);
/// That of an HTTP call; `http` is a JSON object.
std::string http_context_of(const std::string& request_id, const std::string& http);

/// The payload of LOAD. `env` is a JSON object; the hooks are index.pre_freeze and index.pre_stop. `memory`: a JSON object, if any.
std::string load_payload(const std::string& handler, const std::string& initializer, const std::string& env,
                         const std::string& memory = {});

/// The next frame that comes on `channel`.
Answer receive_answer(int channel);

}  // namespace hotcell::test
