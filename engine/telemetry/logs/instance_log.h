// What one environment writes, on its way to the buffer: split into lines, each with the request it belongs to.
//
// Threads: an object stays with the thread of its environment.
#pragma once

#include <memory>
#include <string_view>

#include "engine/telemetry/logs/line_splitter.h"
#include "engine/telemetry/logs/log_buffer.h"

namespace hotcell::telemetry {

class InstanceLog {
public:
    /// `most_of_call`: what a call writes beyond it is counted, not kept.
    InstanceLog(LogBuffer& buffer, LogSource source, Bytes most_of_call)
        : buffer_(buffer),
          source_(std::make_shared<const LogSource>(std::move(source))),
          function_(buffer.of(*source_)),
          most_of_call_(most_of_call) {}

    /// Lines from here on belong to this request, until end().
    void begin(std::string_view request_id);
    void write(LogStream stream, std::string_view bytes);
    /// One line of the engine's own.
    void say(std::string_view line);
    /// What has no end of line yet is a line.
    void end();

private:
    void keep(LogStream stream, std::string text, bool truncated);

    LogBuffer& buffer_;
    const std::shared_ptr<const LogSource> source_;
    LogBuffer::OfFunction& function_;
    const Bytes most_of_call_;
    std::shared_ptr<const std::string> request_id_ = std::make_shared<const std::string>();
    LineSplitter out_;
    LineSplitter err_;
    std::uint64_t bytes_ = 0;  // of this call
    std::uint64_t lost_ = 0;
};

}  // namespace hotcell::telemetry
