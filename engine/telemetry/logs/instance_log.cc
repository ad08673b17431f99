#include "engine/telemetry/logs/instance_log.h"

#include <algorithm>
#include <utility>

namespace hotcell::telemetry {

void InstanceLog::begin(std::string_view request_id) {
    end();
    request_id_ = std::make_shared<const std::string>(request_id);
    bytes_ = 0;
}

void InstanceLog::keep(LogStream stream, std::string text, bool truncated) {
    buffer_.add({source_, &function_, request_id_, stream, truncated, std::move(text)});
}

void InstanceLog::write(LogStream stream, std::string_view bytes) {
    const std::size_t room = most_of_call_.count - std::min(most_of_call_.count, bytes_);
    const std::string_view kept = bytes.substr(0, room);
    bytes_ += bytes.size();
    (stream == LogStream::Out ? out_ : err_).add(kept, [&](std::string text, bool truncated) {
        keep(stream, std::move(text), truncated);
    });
    const std::string_view rest = bytes.substr(kept.size());
    lost_ += static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
}

void InstanceLog::say(std::string_view line) {
    end();
    keep(LogStream::Out, std::string(line), false);
}

void InstanceLog::end() {
    out_.flush([&](std::string text, bool truncated) { keep(LogStream::Out, std::move(text), truncated); });
    err_.flush([&](std::string text, bool truncated) { keep(LogStream::Err, std::move(text), truncated); });
    if (lost_ > 0) buffer_.count_lost(function_, std::exchange(lost_, 0));
}

}  // namespace hotcell::telemetry
