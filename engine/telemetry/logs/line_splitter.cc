#include "engine/telemetry/logs/line_splitter.h"

#include "engine/base/utf8.h"

namespace hotcell::telemetry {

std::string escape_bytes(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    if (is_utf8(bytes)) return std::string(bytes);
    std::string text;
    while (!bytes.empty()) {
        std::size_t n = 1;
        while (n <= 4 && n <= bytes.size() && !is_utf8(bytes.substr(0, n))) ++n;
        if (n <= 4 && n <= bytes.size()) {
            text.append(bytes.substr(0, n));
            bytes.remove_prefix(n);
            continue;
        }
        const auto byte = static_cast<unsigned char>(bytes[0]);
        text.append({'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]});
        bytes.remove_prefix(1);
    }
    return text;
}

std::size_t whole_characters(std::string_view bytes, std::size_t most) {
    if (bytes.size() <= most) return bytes.size();
    std::size_t end = most;
    // back to a byte that begins a character, where one is within reach: else these bytes are no UTF-8
    for (std::size_t back = 0; back < 4 && end > back; ++back)
        if ((static_cast<unsigned char>(bytes[end - back]) & 0xc0) != 0x80) return end - back;
    return end;
}

void LineSplitter::take(std::string_view bytes) {
    if (truncated_) return;
    if (line_.size() + bytes.size() <= kMostLine) {
        line_ += bytes;
        return;
    }
    line_ += bytes.substr(0, kMostLine + 4 - std::min(kMostLine + 4, line_.size()));
    if (line_.size() <= kMostLine) return;
    line_.resize(whole_characters(line_, kMostLine));
    truncated_ = true;
}

void LineSplitter::end_line(const OnLine& on_line) {
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    on_line(escape_bytes(line_), truncated_);
    line_.clear();
    truncated_ = false;
}

void LineSplitter::add(std::string_view bytes, const OnLine& on_line) {
    for (;;) {
        const std::size_t end = bytes.find('\n');
        take(bytes.substr(0, end));
        if (end == std::string_view::npos) return;
        end_line(on_line);
        bytes.remove_prefix(end + 1);
    }
}

void LineSplitter::flush(const OnLine& on_line) {
    if (!line_.empty()) end_line(on_line);
}

}  // namespace hotcell::telemetry
