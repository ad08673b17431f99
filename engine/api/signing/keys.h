// The access keys that may sign requests: what an operator has written down, and one of the server's own for links.
//
// Not here: reading files (programs/daemon/key_file), what a signature covers (string_to_sign.h).
// Threads: a KeyRing does not change once it is made.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "hotcell/error.h"

namespace hotcell::api::signing {

struct AccessKey {
    std::string id;      // 1..128 of A-Z a-z 0-9 . _ -
    std::string secret;  // 16..256 visible characters
    std::string token;   // must come with every request when not empty: short-lived keys have one
};

class KeyRing {
public:
    /// Holds the server's own key only, a new one for every ring.
    KeyRing();

    /// A key a line, "ID SECRET" or "ID SECRET TOKEN"; empty lines and what follows a '#' at a line's begin are left
    /// aside. InvalidArgument names the line, never the secret.
    Result<> add_lines(std::string_view text);

    /// Null when there is none of that id.
    const AccessKey* find(std::string_view id) const;
    /// Signs links to packages, for as long as the process lives.
    const AccessKey& own() const { return own_; }
    /// How many besides the own one.
    std::size_t size() const { return keys_.size(); }

private:
    std::map<std::string, AccessKey, std::less<>> keys_;
    AccessKey own_;
};

}  // namespace hotcell::api::signing
