// Bytes of a stream to lines: what a function writes comes in pieces that end anywhere.
//
// A line is at most 32 KiB, as in FC; what is longer is cut between two characters and the rest of it thrown away. Bytes that are
// no UTF-8 stand as \xNN. Threads: an object stays with one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace hotcell::telemetry {

inline constexpr std::size_t kMostLine = 32 << 10;

class LineSplitter {
public:
    using OnLine = std::function<void(std::string text, bool truncated)>;

    void add(std::string_view bytes, const OnLine& on_line);
    /// What has come of a line that has not ended is one.
    void flush(const OnLine& on_line);

private:
    void take(std::string_view bytes);
    void end_line(const OnLine& on_line);

    std::string line_;
    bool truncated_ = false;
};

/// Every byte that is not part of a whole UTF-8 character as \xNN.
std::string escape_bytes(std::string_view bytes);
/// The longest beginning of at most `most` bytes that does not end within a character.
std::size_t whole_characters(std::string_view bytes, std::size_t most);

}  // namespace hotcell::telemetry
