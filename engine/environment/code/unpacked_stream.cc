#include "engine/environment/code/unpacked_stream.h"

#include <algorithm>
#include <cstring>

namespace hotcell::environment {

using protocol::UnpackedEntry;
using protocol::UnpackedHead;
using protocol::UnpackedType;

namespace {

std::unexpected<Error> broken(std::string why) {
    return fail(ErrorKind::Broken, "the unpacked stream " + std::move(why));
}

template <class Struct>
Struct read_struct(const std::string& bytes) {
    Struct value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

bool has_good_mode(const UnpackedEntry& entry) {
    switch (entry.type) {
        case UnpackedType::File: return entry.mode == 0644 || entry.mode == 0755;
        case UnpackedType::Directory: return entry.mode == 0755 && entry.size == 0;
        case UnpackedType::Link: return entry.mode == 0;
        case UnpackedType::End: return entry.mode == 0;
    }
    return false;
}

}  // namespace

Result<> UnpackedStream::add(std::string_view bytes) {
    while (failed_ && !bytes.empty()) failed_ = step(bytes);
    return failed_;
}

Result<UnpackedTotals> UnpackedStream::finish() {
    TRY(failed_);
    if (part_ != Part::Done) return broken("ended before its end");
    return totals_;
}

void UnpackedStream::expect(Part part, std::size_t size) {
    part_ = part;
    wanted_ = size;
    field_.clear();
}

Result<> UnpackedStream::step(std::string_view& bytes) {
    if (part_ == Part::Done) return broken("goes on behind its end");
    if (part_ == Part::Content) {
        const auto part = bytes.substr(0, std::min<std::uint64_t>(content_left_, bytes.size()));
        bytes.remove_prefix(part.size());
        content_left_ -= part.size();
        if (content_left_ == 0) expect(Part::Entry, sizeof(UnpackedEntry));
        return sink_.content(part);
    }
    const auto part = bytes.substr(0, wanted_ - field_.size());
    field_ += part;
    bytes.remove_prefix(part.size());
    if (field_.size() < wanted_) return {};
    switch (part_) {
        case Part::Head: return on_head();
        case Part::Entry: return on_entry();
        case Part::Path: return on_path();
        case Part::Target: return on_target();
        case Part::Content:
        case Part::Done: break;
    }
    return {};
}

Result<> UnpackedStream::on_head() {
    const auto head = read_struct<UnpackedHead>(field_);
    if (head.magic != protocol::kUnpackedMagic || head.zero != 0) return broken("does not begin like one");
    if (head.version != protocol::kUnpackedVersion)
        return broken("has version " + std::to_string(head.version) + ", not " +
                      std::to_string(protocol::kUnpackedVersion));
    expect(Part::Entry, sizeof(UnpackedEntry));
    return {};
}

Result<> UnpackedStream::on_entry() {
    entry_ = read_struct<UnpackedEntry>(field_);
    if (entry_.zero != 0 || !has_good_mode(entry_)) return broken("has an entry of no known type or mode");
    if (entry_.type == UnpackedType::End) {
        if (entry_.path_size != totals_.entries || entry_.size != totals_.bytes)
            return broken("counts otherwise than it says");
        expect(Part::Done, 0);
        return {};
    }
    if (entry_.path_size == 0 || entry_.path_size > limits_.path)
        return broken("has a path of " + std::to_string(entry_.path_size) + " bytes");
    if (entry_.type == UnpackedType::Link && (entry_.size == 0 || entry_.size > limits_.link_target))
        return broken("has a link's target of " + std::to_string(entry_.size) + " bytes");
    // subtracted, not added: a hostile size must not wrap around
    if (entry_.size > limits_.unpacked - totals_.bytes)
        return fail(ErrorKind::InvalidArgument,
                    "the package unpacks to more than " + std::to_string(limits_.unpacked) + " bytes");
    ++totals_.entries;
    totals_.bytes += entry_.size;
    expect(Part::Path, entry_.path_size);
    return {};
}

Result<> UnpackedStream::on_path() {
    path_ = field_;
    TRY(paths_.add(path_, entry_.type == UnpackedType::Directory));
    if (entry_.type == UnpackedType::Link) {
        expect(Part::Target, entry_.size);
        return {};
    }
    expect(Part::Entry, sizeof(UnpackedEntry));
    if (entry_.type == UnpackedType::Directory) return sink_.directory(path_);
    if (entry_.size > 0) {
        part_ = Part::Content;
        content_left_ = entry_.size;
    }
    return sink_.file(path_, entry_.mode == 0755);
}

Result<> UnpackedStream::on_target() {
    TRY(protocol::check_link_target(path_, field_, limits_));
    const std::string target = field_;
    expect(Part::Entry, sizeof(UnpackedEntry));
    return sink_.link(path_, target);
}

}  // namespace hotcell::environment
