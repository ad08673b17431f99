// Judges the bytes of a request's head before any parser sees them, so that no two parsers can read them differently.
//
// Here: refusal of everything that request smuggling is made of (RFC 9112 §§2.2, 3, 5, 6, 11.2) and of heads above the
// limits. Not here: the values of the fields; the HTTP library reads those from the same bytes afterwards.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hotcell::api {

/// Why a request is not answered by a route. The connection is closed after it.
struct Refusal {
    unsigned status;
    std::string code;     // "InvalidRequest", "RequestTooLarge" …
    std::string message;  // names the field, the limit and the value
};

/// Judges what has arrived of a head that is not complete yet: too long already, or a line feed without its return.
std::optional<Refusal> judge_partial_head(std::string_view bytes);

/// Judges a whole head, up to and including its empty line.
std::optional<Refusal> judge_head(std::string_view head);

/// Whether a header Connection has the option "upgrade".
bool has_upgrade_option(std::string_view connection);
/// Whether a header Upgrade names one protocol that a connection may go over to. Other versions of HTTP are none, nor is TLS: in them
/// a client would speak to a function's server past all that is looked at here.
bool is_other_protocol(std::string_view upgrade);

}  // namespace hotcell::api
