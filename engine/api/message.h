// A request and its answer as the routes see them: already read, judged and bounded, without any HTTP library.
//
// Not here: connections and parsing (server/), the meaning of a request (routes/).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/api/header_lines.h"
#include "engine/api/signing/verify.h"

namespace hotcell::api {

class BodyPipe;  // body_pipe.h

/// Who sends a request, as far as the server has looked.
struct Caller {
    enum class Kind : std::uint8_t {
        Trusted,  // over a Unix socket, or with the token
        Signed,   // with the key `key`
        Nobody,   // has shown nothing: only routes that say so may answer
    } kind = Kind::Trusted;
    std::string key{};
    signing::BodyDigest body{};     // what was signed of the body
    bool by_authorization = false;  // the header Authorization has shown it: not for a function to see
};

/// The tree that a path stands in. Function Compute's two have the same routes but for a few names (routes/table.cc).
enum class Tree : std::uint8_t { Native, Fc2016, Fc2021 };

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

/// Who waits for the answer of one request, and may leave before it is there.
struct Client {
    /// Called once, on the server's loop, when the client has closed its connection and not been answered; looked at from a
    /// few milliseconds after the request on. To be set while the route is asked, by its thread.
    std::function<void()> on_gone;
    bool gone = false;
};

struct Request {
    std::string id;            // UUID, given by the server
    std::string method;        // "GET", "POST"; HEAD arrives as GET, but at an HTTP function
    std::string path;          // begins with '/', as sent
    std::string query;         // without the '?', still percent-encoded
    std::string content_type;  // empty when the header is absent
    HeaderFields headers{};    // Host, If-Match and X-Fc-…; of a call of an HTTP function all; names in lower case
    std::string client_ip{};
    std::string body{};
    Caller caller{};
    std::shared_ptr<Client> client{};    // null where nobody watches it
    Tree tree = Tree::Native;            // set by the router
    std::array<std::string, 3> names{};  // what stood for the {} of the route's path, decoded; set by the router

    /// The value of the first header of that name, which is in lower case; empty when there is none.
    std::string_view header(std::string_view name) const {
        for (const auto& [key, value] : headers)
            if (key == name) return value;
        return {};
    }
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    HeaderLines headers{};  // besides Content-Type, Content-Length and the request's id
    std::string body{};
    std::shared_ptr<BodyPipe> pipe{};  // what comes instead of `body`: in pieces or, of status 101, both ways
};

/// Takes the answer. Called exactly once, from any thread.
using Respond = std::function<void(Response)>;

}  // namespace hotcell::api
