#include "engine/environment/channel/frames.h"

#include <cstring>

namespace hotcell::environment {

namespace {

// Two frames are all a program's side ever sends; more in one piece is no frame of ours.
constexpr std::size_t kMostBuffered = 4 * (sizeof(hc_frame) + sizeof(hc_ready));

void append(std::string& to, const void* data, std::size_t size) { to.append(static_cast<const char*>(data), size); }

}  // namespace

Result<std::string> encode_run(std::uint64_t request, const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment) {
    std::string strings;
    for (const auto* list : {&arguments, &environment}) {
        for (const std::string& text : *list) {
            if (text.find('\0') != std::string::npos)
                return fail(ErrorKind::InvalidArgument, "arguments, environment: a NUL character is not possible");
            strings += text;
            strings += '\0';
        }
    }
    const std::size_t length = sizeof(hc_run) + strings.size();
    if (length > HC_MOST_RUN_BYTES)
        return fail(ErrorKind::InvalidArgument, "arguments, environment: " + std::to_string(strings.size()) +
                                                    " bytes together, at most " +
                                                    std::to_string(HC_MOST_RUN_BYTES - sizeof(hc_run)));
    const hc_frame frame{static_cast<std::uint32_t>(length), HC_FRAME_RUN, 0, request};
    const hc_run run{static_cast<std::uint32_t>(arguments.size()), static_cast<std::uint32_t>(environment.size())};
    std::string bytes;
    append(bytes, &frame, sizeof frame);
    append(bytes, &run, sizeof run);
    return bytes + strings;
}

void FrameReader::add(std::string_view bytes) {
    if (broken_) return;
    if (buffer_.size() + bytes.size() > kMostBuffered) {
        broken_ = true;
        return;
    }
    buffer_.append(bytes);
}

std::optional<ProgramFrame> FrameReader::next() {
    hc_frame header{};
    if (broken_ || buffer_.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, buffer_.data(), sizeof header);
    ProgramFrame frame;
    frame.type = header.type;
    void* payload = header.type == HC_FRAME_READY ? static_cast<void*>(&frame.ready) : &frame.failed;
    const std::size_t expected = header.type == HC_FRAME_READY ? sizeof frame.ready : sizeof frame.failed;
    if ((header.type != HC_FRAME_READY && header.type != HC_FRAME_FAILED) || header.length != expected) {
        broken_ = true;
        return std::nullopt;
    }
    if (buffer_.size() < sizeof header + expected) return std::nullopt;
    std::memcpy(payload, buffer_.data() + sizeof header, expected);
    buffer_.erase(0, sizeof header + expected);
    return frame;
}

}  // namespace hotcell::environment
