// Who may talk over TCP: whoever knows the token and calls the server by its name (docs/threat-model.md).
//
// On a Unix socket owner and group of the file decide, and nothing here is asked.
// Threads: values, no sharing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/wire/request_head.h"

namespace hotcell::api {

struct TcpAccess {
    std::string token;               // not empty
    std::vector<std::string> hosts;  // values that the Host header may have: "127.0.0.1:8000"
};

/// 401 without "Authorization: Bearer TOKEN", 403 with another Host: a page of the browser's user may send one, but
/// under the name it was loaded from.
std::optional<Refusal> judge_access(const TcpAccess& access, std::string_view authorization, std::string_view host);

/// Takes as long wherever the first difference is; the length is no secret.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace hotcell::api
