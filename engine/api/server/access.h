// Who may talk to the server: over TCP whoever knows the token or signs with a key (docs/threat-model.md); on a Unix socket
// owner and group of the file have decided, and only a signature that is shown must be right.
//
// Not here: what a signature covers (signing/), which routes answer strangers (routes/router.cc).
// Threads: values, no sharing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/message.h"
#include "engine/api/signing/keys.h"
#include "engine/api/signing/string_to_sign.h"
#include "engine/api/wire/request_head.h"

namespace hotcell::api {

struct Access {
    std::string token{};                             // empty: none is taken
    std::shared_ptr<const signing::KeyRing> keys{};  // null: no signature is looked at
    std::vector<std::string> hosts{};                // values that Host may have without a signature: "127.0.0.1:8000"
    bool needs_proof = true;                         // false on a Unix socket
    bool explain = false;                            // a refused signature is told the string that should be signed
};

/// Who is at the other end of a connection.
struct Peer {
    uid_t uid;                       // of a Unix socket; those who come over TCP count as one user
    const Access* access = nullptr;  // what they must show; null: nothing
    std::string address = "127.0.0.1";
};

/// 401 without a proof, 403 with a wrong one or another Host: a page of the browser's user may send a request, but
/// under the name it was loaded from, and cannot sign. Calls of HTTP functions pass as Nobody: their trigger decides.
std::expected<Caller, Refusal> judge_access(const Access& access, const signing::Head& head, std::int64_t now);

}  // namespace hotcell::api
