#include "engine/environment/channel/frames.h"

#include <cstring>

namespace hotcell::environment {

namespace {

// No more than a few frames can lie in the pipe: each waits for the one before to be answered.
constexpr std::size_t kMostAhead = 4 * (sizeof(hc_frame) + sizeof(hc_ready));

constexpr std::size_t kMostPiece = 64 << 10;     // that is added at once
constexpr std::size_t kKeptCapacity = 64 << 10;  // of the buffer, once a large answer has been taken

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

std::string encode_load(std::string_view document) {
    const hc_frame frame{static_cast<std::uint32_t>(document.size()), HC_FRAME_LOAD, 0, 0};
    std::string bytes;
    bytes.reserve(sizeof frame + document.size());
    append(bytes, &frame, sizeof frame);
    return bytes.append(document);
}

namespace {

std::string encode_call(std::uint64_t request, std::uint16_t flags, std::uint32_t kind, std::string_view context,
                        std::string_view rest) {
    const std::size_t length = sizeof(hc_invoke) + context.size() + rest.size();
    const hc_frame frame{static_cast<std::uint32_t>(length), HC_FRAME_INVOKE, flags, request};
    const hc_invoke invoke{kind, static_cast<std::uint32_t>(context.size())};
    std::string bytes;
    bytes.reserve(sizeof frame + length);
    append(bytes, &frame, sizeof frame);
    append(bytes, &invoke, sizeof invoke);
    return bytes.append(context).append(rest);
}

}  // namespace

std::string encode_invoke(std::uint64_t request, std::uint32_t kind, std::string_view context, std::string_view event) {
    return encode_call(request, 0, kind, context, event);
}

std::string encode_invoke(std::uint64_t request, std::uint32_t kind, std::string_view context, const hc_shared& event) {
    return encode_call(request, HC_SHARED, kind, context, {reinterpret_cast<const char*>(&event), sizeof event});
}

void FrameReader::add(std::string_view bytes) {
    if (broken_) return;
    // one that is announced as too long is refused by its head, in next()
    if (buffer_.size() >= sizeof(hc_frame) && buffer_.size() + bytes.size() > most_answer_ + kMostAhead + kMostPiece) {
        broken_ = true;
        return;
    }
    buffer_.append(bytes);
}

bool FrameReader::is_possible(const hc_frame& header) const {
    if ((header.flags & HC_SHARED) != 0)
        return shared_ && most_answer_ > 0 && header.type == HC_FRAME_RESULT && header.length == sizeof(hc_shared);
    switch (header.type) {
        case HC_FRAME_READY: return header.length == sizeof(hc_ready);
        case HC_FRAME_FAILED: return header.length == sizeof(hc_failed);
        case HC_FRAME_RESULT:
        case HC_FRAME_ERROR: return most_answer_ > 0 && header.length <= most_answer_;
        default: return false;
    }
}

std::optional<ProgramFrame> FrameReader::next() {
    hc_frame header{};
    if (broken_ || buffer_.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, buffer_.data(), sizeof header);
    if (!is_possible(header)) {
        broken_ = true;
        too_large_ = most_answer_ > 0 && header.length > most_answer_ &&
                     (header.type == HC_FRAME_RESULT || header.type == HC_FRAME_ERROR);
        return std::nullopt;
    }
    if (buffer_.size() < sizeof header + header.length) {
        buffer_.reserve(sizeof header + header.length);
        return std::nullopt;
    }
    ProgramFrame frame{header.type, header.flags, header.request, {}, {}, {}, {}};
    const char* payload = buffer_.data() + sizeof header;
    if (header.type == HC_FRAME_READY)
        std::memcpy(&frame.ready, payload, sizeof frame.ready);
    else if (header.type == HC_FRAME_FAILED)
        std::memcpy(&frame.failed, payload, sizeof frame.failed);
    else if ((header.flags & HC_SHARED) != 0)
        std::memcpy(&frame.shared.emplace(), payload, sizeof(hc_shared));
    else
        frame.payload.assign(payload, header.length);
    buffer_.erase(0, sizeof header + header.length);
    if (buffer_.empty() && buffer_.capacity() > kKeptCapacity) buffer_ = {};
    return frame;
}

}  // namespace hotcell::environment
