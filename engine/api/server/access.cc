#include "engine/api/server/access.h"

#include <algorithm>

namespace hotcell::api {

namespace {

constexpr std::string_view kScheme = "bearer ";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    volatile unsigned char difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference = static_cast<unsigned char>(difference |
                                                (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
    return difference == 0;
}

std::optional<Refusal> judge_access(const TcpAccess& access, std::string_view authorization, std::string_view host) {
    const bool bearer = equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme);
    if (access.token.empty() || !bearer || !equal_in_constant_time(authorization.substr(kScheme.size()), access.token))
        return Refusal{401, "Unauthorized", "Authorization: the token is missing or another"};
    const bool known =
        std::ranges::any_of(access.hosts, [&](const std::string& name) { return equals_ignoring_case(name, host); });
    if (!known) return Refusal{403, "AccessDenied", "Host: not a name of this server"};
    return std::nullopt;
}

}  // namespace hotcell::api
