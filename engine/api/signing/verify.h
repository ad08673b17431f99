// Whether a request was signed by somebody who holds one of the keys, lately.
//
// Here: "Authorization: FC …", "Authorization: ACS3-HMAC-SHA256 …" and URLs with x-fc-signature; times, tokens, and what
// the body must be. Not here: requests without a signature, who may do what (server/access.h).
// Threads: functions of their arguments. Fuzzed: tests/fuzz/signatures.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/api/signing/keys.h"
#include "engine/api/signing/string_to_sign.h"
#include "hotcell/error.h"

namespace hotcell::api::signing {

inline constexpr std::int64_t kMostSkew = 15 * 60;  // seconds between a client's clock and ours

/// What the signature says of the body, to be looked at when the body is there.
struct BodyDigest {
    enum class Kind : std::uint8_t { None, Md5, Sha256 } kind = Kind::None;
    std::string value;  // 16 bytes, or 64 digits in lower case

    /// InvalidArgument when `body` is another.
    Result<> check(std::string_view body) const;
};

struct Proof {
    std::string key;  // its id
    BodyDigest body;
};

/// Whether the request shows a signature of any of the three kinds, right or wrong.
bool is_signed(const Head& head);

/// Fails with InvalidArgument and FC's code: SignatureNotMatch, InvalidAccessKeyID, RequestTimeTooSkewed, AccessDenied
/// (a token, a link that has expired), MissingRequiredHeader, InvalidArgument. `now` in seconds since 1970. With
/// `explain`, SignatureNotMatch shows the string that should have been signed: it holds no secret but the token's value.
Result<Proof> verify(const Head& head, const KeyRing& keys, std::int64_t now, bool explain);

/// "?x-fc-access-key-id=…&x-fc-expires=…&x-fc-signature=…": lets whoever has it GET `path` until `expires`.
std::string query_signature(const AccessKey& key, std::string_view path, std::int64_t expires);

/// "Fri, 27 Nov 2026 03:53:30 GMT" or "2026-11-27T03:53:30Z" in seconds since 1970; -1 when it is neither.
std::int64_t parse_time(std::string_view text);

}  // namespace hotcell::api::signing
