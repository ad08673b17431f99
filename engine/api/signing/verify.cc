#include "engine/api/signing/verify.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

#include "engine/api/signing/digest.h"
#include "engine/api/wire/base64.h"
#include "engine/api/wire/query.h"
#include "engine/base/result.h"

namespace hotcell::api::signing {

namespace {

constexpr std::string_view kFc = "FC ";
constexpr std::string_view kAcs = "ACS3-HMAC-SHA256 ";

std::unexpected<Error> refuse(std::string code, std::string words, std::string hint = {}) {
    return std::unexpected(Error{ErrorKind::InvalidArgument, 0, std::move(words), std::move(hint), std::move(code)});
}

std::unexpected<Error> missing(std::string_view name) {
    return refuse("MissingRequiredHeader", "required HTTP header " + std::string(name) + " was not specified");
}

std::unexpected<Error> no_match(const std::string& text, bool explain) {
    std::string words =
        "The request signature we calculated does not match the signature you provided. Check your access key and "
        "signing method";
    if (explain) words += ". The server's string to sign is: " + text;
    return refuse("SignatureNotMatch", std::move(words));
}

Result<const AccessKey*> find_key(const KeyRing& keys, std::string_view id, std::string_view token) {
    const AccessKey* key = keys.find(id);
    if (key == nullptr) {
        std::string shown = quote(id);
        std::ranges::replace(shown, '"', '\'');
        return refuse("InvalidAccessKeyID", "invalid access key ID " + shown);
    }
    if (!equal_in_constant_time(key->token, token))
        return refuse("AccessDenied", "the security token is not the one of this access key");
    return key;
}

Result<> check_time(std::string_view text, std::int64_t now) {
    const auto time = parse_time(text);
    if (time < 0)
        return refuse("InvalidArgument", "the request time " + quote(text) + " is not a date",
                      "like Fri, 27 Nov 2026 03:53:30 GMT");
    if (std::max(time, now) - std::min(time, now) <= kMostSkew) return {};
    char here[32];
    const std::time_t seconds = now;
    std::tm fields{};
    ::gmtime_r(&seconds, &fields);
    std::strftime(here, sizeof here, "%a, %d %b %Y %T GMT", &fields);
    return refuse("RequestTimeTooSkewed", "the difference between the request time '" + std::string(text) +
                                              "' and the current time '" + here + "' is too large");
}

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Clients write Content-MD5 in three ways; what is none of them says nothing about the body.
BodyDigest digest_of_md5(std::string_view text) {
    using enum BodyDigest::Kind;
    std::string bytes;
    if (text.size() == 32 && is_hex(text)) return {Md5, std::string(text)};
    if (!decode_base64(text, bytes)) return {};
    if (bytes.size() == 16) return {Md5, hex(bytes)};
    if (bytes.size() == 32 && is_hex(bytes)) return {Md5, bytes};
    return {};
}

/// FC signs the decoded path; its client for Node signs an escaped one as it sends it.
Result<> check_fc(const Head& head, const AccessKey& key, std::string_view date, std::string_view signature,
                  bool with_query, bool explain) {
    const auto path = percent_decode(head.path);
    if (!path) return refuse("InvalidArgument", "path: '%' is followed by two hexadecimal digits");
    const auto text = fc_string(head, date, *path, with_query);
    if (equal_in_constant_time(base64(hmac_sha256(key.secret, text)), signature)) return {};
    if (*path != head.path) {
        const auto as_sent = fc_string(head, date, head.path, with_query);
        if (equal_in_constant_time(base64(hmac_sha256(key.secret, as_sent)), signature)) return {};
    }
    return no_match(text, explain);
}

Result<Proof> verify_fc(const Head& head, const KeyRing& keys, std::int64_t now, bool explain) {
    const auto words = head.header("authorization").substr(kFc.size());
    const auto colon = words.find(':');
    if (colon == std::string_view::npos)
        return refuse("InvalidArgument", "Authorization: must be FC accessKeyId:signature");
    const auto* key = TRY(find_key(keys, words.substr(0, colon), head.header("x-fc-security-token")));
    const auto fc_date = head.header("x-fc-date");
    const auto date = fc_date.empty() ? head.header("date") : fc_date;
    if (date.empty()) return missing("Date");
    TRY(check_time(date, now));
    TRY(check_fc(head, *key, date, words.substr(colon + 1), is_proxy_path(head.path), explain));
    return Proof{key->id, digest_of_md5(head.header("content-md5"))};
}

std::optional<std::string> query_value(const std::vector<QueryField>& fields, std::string_view name) {
    const auto found = std::ranges::find(fields, name, &QueryField::name);
    return found == fields.end() ? std::nullopt : std::optional(found->value);
}

Result<Proof> verify_query(const Head& head, const KeyRing& keys, std::int64_t now, bool explain) {
    const auto fields = query_fields(head.query);
    const auto id = query_value(fields, "x-fc-access-key-id"), expires = query_value(fields, "x-fc-expires");
    if (!id || !expires)
        return refuse("InvalidArgument", "query: x-fc-signature needs x-fc-access-key-id and x-fc-expires beside it");
    const auto token = query_value(fields, "x-fc-security-token").value_or("");
    const auto* key = TRY(find_key(keys, *id, token));
    std::int64_t until = 0;
    const auto [end, error] = std::from_chars(expires->data(), expires->data() + expires->size(), until);
    if (error != std::errc{} || end != expires->data() + expires->size())
        return refuse("InvalidArgument", "query: x-fc-expires must be seconds since 1970, not " + quote(*expires));
    if (until < now) return refuse("AccessDenied", "the signed URL expired at " + *expires);
    TRY(check_fc(head, *key, *expires, query_value(fields, "x-fc-signature").value_or(""), true, explain));
    return Proof{key->id, digest_of_md5(head.header("content-md5"))};
}

struct AcsWords {
    std::string_view id, headers, signature;
};

Result<AcsWords> read_acs(std::string_view text) {
    AcsWords words;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        auto word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
        for (const auto& [name, value] :
             {std::pair("Credential=", &AcsWords::id), std::pair("SignedHeaders=", &AcsWords::headers),
              std::pair("Signature=", &AcsWords::signature)})
            if (word.starts_with(name)) words.*value = word.substr(std::string_view(name).size());
    }
    if (words.id.empty() || words.headers.empty() || words.signature.empty())
        return refuse("InvalidArgument",
                      "Authorization: must be ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…");
    return words;
}

/// Headers of the protocol count only when they are signed.
Result<> check_signed_headers(const Head& head, std::string_view list) {
    const std::string names = ";" + std::string(list) + ";";
    const auto lists = [&](const std::string& name) { return names.find(";" + name + ";") != std::string::npos; };
    if (head.header("x-acs-date").empty()) return missing("x-acs-date");
    for (const auto& [name, value] : head.headers)
        if (name.starts_with("x-acs-") && !lists(name))
            return refuse("InvalidArgument", "SignedHeaders: " + name + " is sent and must be among them");
    return {};
}

Result<Proof> verify_acs(const Head& head, const KeyRing& keys, std::int64_t now, bool explain) {
    const auto words = TRY(read_acs(head.header("authorization").substr(kAcs.size())));
    const auto* key = TRY(find_key(keys, words.id, head.header("x-acs-security-token")));
    TRY(check_signed_headers(head, words.headers));
    TRY(check_time(head.header("x-acs-date"), now));
    const auto hash = head.header("x-acs-content-sha256");
    if (hash.empty() && !is_proxy_path(head.path)) return missing("x-acs-content-sha256");
    const auto request = acs_canonical_request(head, words.headers, hash);
    const auto text = acs_string(request);
    if (!equal_in_constant_time(hex(hmac_sha256(key->secret, text)), words.signature))
        return no_match(text + ", of the canonical request: " + request, explain);
    if (hash.empty()) return Proof{key->id, {}};
    return Proof{key->id, {BodyDigest::Kind::Sha256, std::string(hash)}};
}

/// A header that is signed and stands there twice would be one thing to us and another to the client.
Result<> check_repeats(const Head& head) {
    for (auto at = head.headers.begin(); at != head.headers.end(); ++at) {
        const std::string& name = at->first;
        const bool counts = name == "authorization" || name == "date" || name == "content-md5" ||
                            name.starts_with("x-fc-") || name.starts_with("x-acs-");
        if (counts && std::any_of(head.headers.begin(), at, [&](const auto& other) { return other.first == name; }))
            return refuse("InvalidArgument", name + ": given more than once");
    }
    return {};
}

bool has_query_signature(std::string_view query) {
    return query.starts_with("x-fc-signature=") || query.find("&x-fc-signature=") != std::string_view::npos;
}

}  // namespace

Result<> BodyDigest::check(std::string_view body) const {
    if (kind == Kind::None) return {};
    const bool is_md5 = kind == Kind::Md5;
    if ((is_md5 ? hex(md5(body)) : sha256_hex(body)) == value) return {};
    return refuse("InvalidArgument",
                  std::string(is_md5 ? "Content-MD5" : "x-acs-content-sha256") + ": is not the digest of the body");
}

bool is_signed(const Head& head) {
    const auto authorization = head.header("authorization");
    return authorization.starts_with(kFc) || authorization.starts_with(kAcs) || has_query_signature(head.query);
}

Result<Proof> verify(const Head& head, const KeyRing& keys, std::int64_t now, bool explain) {
    TRY(check_repeats(head));
    const auto authorization = head.header("authorization");
    if (authorization.starts_with(kFc)) return verify_fc(head, keys, now, explain);
    if (authorization.starts_with(kAcs)) return verify_acs(head, keys, now, explain);
    if (has_query_signature(head.query)) return verify_query(head, keys, now, explain);
    return missing("Authorization");
}

std::string query_signature(const AccessKey& key, std::string_view path, std::int64_t expires) {
    std::string query = "x-fc-access-key-id=" + key.id + "&x-fc-expires=" + std::to_string(expires);
    const Head head{"GET", path, query, {}};
    const auto decoded = percent_decode(path).value_or(std::string(path));
    std::string signature = base64(hmac_sha256(key.secret, fc_string(head, std::to_string(expires), decoded, true)));
    std::string escaped;
    for (const char c : signature)
        escaped += c == '+' ? "%2B" : c == '/' ? "%2F" : c == '=' ? "%3D" : std::string(1, c);
    return "?" + query + "&x-fc-signature=" + escaped;
}

std::int64_t parse_time(std::string_view text) {
    const std::string copy(text);
    for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%dT%H:%M:%SZ"}) {
        std::tm fields{};
        const char* end = ::strptime(copy.c_str(), form, &fields);
        if (end != nullptr && *end == '\0' && copy.size() < 40) return ::timegm(&fields);
    }
    return -1;
}

}  // namespace hotcell::api::signing
