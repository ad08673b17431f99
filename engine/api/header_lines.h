// Header fields of a message that is written, as the bytes they are sent as.
//
// Not here: fields of the message's framing, which the server writes (server/response_head.h).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace hotcell::api {

class HeaderLines {
public:
    HeaderLines() = default;
    HeaderLines(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
        for (const auto& [name, value] : fields) add(name, value);
    }

    /// Adds nothing where `value` is none. `name` is one.
    void add(std::string_view name, std::string_view value);
    /// Whether it fits in a line: no control characters.
    static bool is_value(std::string_view text);
    bool has(std::string_view name) const;  // spelled like this
    /// "Name: value\r\n" of each, in order.
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

}  // namespace hotcell::api
