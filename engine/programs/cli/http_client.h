// One call of the engine's API over its Unix socket (or a loopback port), through libcurl.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/programs/cli/failure.h"

namespace hotcell::cli {

/// Where the engine listens: "unix:///run/hotcell/api.sock" or "http://127.0.0.1:8000".
class Host {
public:
    /// Refuses other schemes. An empty text is the default: the system's socket, else the user's.
    static Outcome<Host> parse(std::string_view text);

    std::string socket_path;  // empty for a port
    std::string base_url;
    std::string shown;  // for messages
    std::string token;  // for a port; empty: none
};

struct Answer {
    long status = 0;
    std::string body;
    std::map<std::string, std::string> headers;  // names in lower case

    /// Empty when there is none.
    std::string header(const std::string& name) const;
};

struct Call {
    std::string method;
    std::string path;
    std::string body{};
    std::vector<std::string> headers{};  // "Name: value"
};

/// One part of a form.
struct FormField {
    std::string name;
    std::string content;
    std::string file_name{};  // empty: not a file
};

Outcome<Answer> get(const Host& host, const std::string& path);
/// Any method, any body; waits as long as the engine takes.
Outcome<Answer> send(const Host& host, const Call& call);
/// Waits as long as the engine takes.
Outcome<Answer> post_form(const Host& host, const std::string& path, const std::vector<FormField>& fields);

/// For the value of a query field, or a segment of a path.
std::string percent_encode(std::string_view text);

}  // namespace hotcell::cli
