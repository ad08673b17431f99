// A request and its answer as the routes see them: already read, judged and bounded, without any HTTP library.
//
// Not here: connections and parsing (server/), the meaning of a request (routes/).
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotcell::api {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string id;            // UUID, given by the server
    std::string method;        // "GET", "POST"; HEAD arrives as GET
    std::string path;          // begins with '/', as sent
    std::string query;         // without the '?', still percent-encoded
    std::string content_type;  // empty when the header is absent
    HeaderFields headers{};    // If-Match and X-Fc-…, names in lower case
    std::string body{};
    std::array<std::string, 2> names{};  // what stood for the {} of the route's path, decoded; set by the router

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
    HeaderFields headers{};  // besides Content-Type, Content-Length and the request's id
    std::string body{};
};

/// Takes the answer. Called exactly once, from any thread.
using Respond = std::function<void(Response)>;

}  // namespace hotcell::api
