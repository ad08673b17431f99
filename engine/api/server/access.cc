#include "engine/api/server/access.h"

#include <algorithm>

#include "engine/api/signing/digest.h"
#include "engine/api/signing/verify.h"

namespace hotcell::api {

namespace {

constexpr std::string_view kScheme = "bearer ";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(const Access& access, std::string_view authorization) {
    return !access.token.empty() && equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme) &&
           signing::equal_in_constant_time(authorization.substr(kScheme.size()), access.token);
}

std::expected<Caller, Refusal> judge_signature(const Access& access, const signing::Head& head, std::int64_t now) {
    auto proof = signing::verify(head, *access.keys, now, access.explain);
    if (proof) return Caller{Caller::Kind::Signed, std::move(proof->key), std::move(proof->body), true};
    const Error& error = proof.error();
    const bool malformed = error.code == "InvalidArgument" || error.code == "MissingRequiredHeader";
    return std::unexpected(Refusal{malformed ? 400u : 403u, error.code, error.message()});
}

}  // namespace

std::expected<Caller, Refusal> judge_access(const Access& access, const signing::Head& head, std::int64_t now) {
    const bool is_signed = access.keys != nullptr && signing::is_signed(head);
    if (is_signed) return judge_signature(access, head, now);
    if (!access.needs_proof) return Caller{};
    const auto authorization = head.header("authorization");
    const bool trusted = has_token(access, authorization);
    if (!trusted && !signing::is_proxy_path(head.path)) {  // whose Authorization may be for the function
        const bool silent = authorization.empty() && access.token.empty();
        if (silent)
            return std::unexpected(
                Refusal{400, "MissingRequiredHeader", "required HTTP header Authorization was not specified"});
        return std::unexpected(Refusal{401, "Unauthorized", "Authorization: the token is missing or another"});
    }
    const auto host = head.header("host");
    const bool known =
        std::ranges::any_of(access.hosts, [&](const std::string& name) { return equals_ignoring_case(name, host); });
    if (!known) return std::unexpected(Refusal{403, "AccessDenied", "Host: not a name of this server"});
    return Caller{trusted ? Caller::Kind::Trusted : Caller::Kind::Nobody, {}, {}, trusted};
}

}  // namespace hotcell::api
