// What a signature covers: FC's string for "Authorization: FC …" and for signed URLs, and the canonical request of
// ACS3-HMAC-SHA256 (facts of both: docs/api/signing.md).
//
// Here: pure functions from a request's head to text. Not here: keys, times, who may do what (verify.h).
// Threads: functions of their arguments.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotcell/error.h"

namespace hotcell::api::signing {

/// The head of a request as it was sent; names of headers in lower case, values without spaces around them.
struct Head {
    std::string_view method;  // HEAD is "HEAD"
    std::string_view path;    // still percent-encoded
    std::string_view query;   // without the '?', still percent-encoded
    std::vector<std::pair<std::string, std::string_view>> headers;

    /// The value of the first header of that name; empty when there is none.
    std::string_view header(std::string_view name) const;
};

/// "/2016-08-15/proxy/…" and its like in the other tree: calls of HTTP functions, whose query is signed too.
bool is_proxy_path(std::string_view path);

/// METHOD, Content-MD5, Content-Type, `date`, the x-fc-… headers, `path`; with `with_query` the fields of the query but
/// x-fc-signature, decoded and sorted, a line each.
std::string fc_string(const Head& head, std::string_view date, std::string_view path, bool with_query);

/// A field of a query as it is signed: decoded, '+' being a space.
struct QueryField {
    std::string name;
    std::string value;
    bool has_value;  // "name=" has an empty one, "name" has none
    auto operator<=>(const QueryField&) const = default;
};
/// In order, repeated ones kept.
std::vector<QueryField> query_fields(std::string_view query);

/// METHOD, path, query, the headers `signed_headers` ("host;x-acs-date"), their names and `payload_hash`.
std::string acs_canonical_request(const Head& head, std::string_view signed_headers, std::string_view payload_hash);

/// The algorithm and the digest of the canonical request: what is signed.
std::string acs_string(std::string_view canonical_request);

}  // namespace hotcell::api::signing
