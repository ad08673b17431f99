// A request and its answer as the routes see them: already read, judged and bounded, without any HTTP library.
//
// Not here: connections and parsing (server/), the meaning of a request (routes/).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hotcell::api {

struct Request {
    std::string id;            // UUID, given by the server
    std::string method;        // "GET", "POST"; HEAD arrives as GET
    std::string path;          // begins with '/', as sent
    std::string query;         // without the '?', still percent-encoded
    std::string content_type;  // empty when the header is absent
    std::string body;
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers{};  // besides Content-Type and Content-Length
    std::string body{};
};

/// Takes the answer. Called exactly once, from any thread.
using Respond = std::function<void(Response)>;

}  // namespace hotcell::api
