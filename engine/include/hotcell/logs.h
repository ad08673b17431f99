// What functions wrote: the last lines, to be asked for. Times of day are milliseconds since 1970, UTC.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hotcell {

enum class LogStream : std::uint8_t { Out, Err };

/// One line, or as much of it as is kept: 32 KiB.
struct LogLine {
    std::uint64_t number = 0;  // rises from line to line, over all functions
    std::int64_t at_ms = 0;    // when the engine read it
    std::string service;
    std::string function;
    std::string version;     // of the environment: "LATEST" or "3"
    std::string request_id;  // empty: written between calls, or beside others
    std::string instance_id;
    LogStream stream = LogStream::Out;
    bool truncated = false;  // the line was longer
    std::string text;        // UTF-8, without its end; bytes that are none stand as \xNN
};

struct LogQuery {
    std::string service{};   // empty: any
    std::string function{};  // needs service
    std::string version{};   // "LATEST" or "3"; empty: any
    std::string request_id{};
    std::string instance_id{};
    std::string match{};         // a piece of the text
    std::int64_t since_ms = 0;   // 0: from the first
    std::int64_t until_ms = 0;   // 0: to the last
    std::uint64_t after = 0;     // a line's number: the first lines after it; 0: the last lines that fit
    std::uint32_t limit = 1000;  // 1..10000; a page has about 1 MiB of text at most
};

struct LogPage {
    std::vector<LogLine> lines;  // oldest first
    std::uint64_t last = 0;      // give it as `after` to go on; lines that did not fit the query are before it
    std::uint64_t lost = 0;      // lines of the service or function that are not kept any more, or never were
};

}  // namespace hotcell
