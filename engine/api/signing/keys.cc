#include "engine/api/signing/keys.h"

#include <algorithm>
#include <vector>

#include "engine/api/signing/digest.h"
#include "engine/base/result.h"

namespace hotcell::api::signing {

namespace {

constexpr std::size_t kMaxKeys = 1'000;

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const auto begin = std::min(line.find_first_not_of(" \t\r"), line.size());
        line.remove_prefix(begin);
        const auto end = std::min(line.find_first_of(" \t\r"), line.size());
        if (end > 0) words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return words;
}

bool is_id(std::string_view text) {
    return text.size() <= 128 && std::ranges::all_of(text, [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
                      c == '_' || c == '-';
           });
}

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char byte) { return byte > 0x20 && byte < 0x7f; });
}

Result<AccessKey> read_key(const std::vector<std::string_view>& words) {
    if (words.size() != 2 && words.size() != 3)
        return fail(ErrorKind::InvalidArgument, "must be ID SECRET or ID SECRET TOKEN");
    if (!is_id(words[0])) return fail(ErrorKind::InvalidArgument, "an id is 1..128 of A-Z a-z 0-9 . _ -");
    if (words[1].size() < 16 || words[1].size() > 256 || !is_visible(words[1]))
        return fail(ErrorKind::InvalidArgument,
                    "a secret is 16..256 visible characters, not " + std::to_string(words[1].size()),
                    "head -c 24 /dev/urandom | base64 makes one");
    AccessKey key{std::string(words[0]), std::string(words[1]), ""};
    if (words.size() == 3) key.token = words[2];
    if (key.token.size() > 4'096 || !is_visible(key.token))
        return fail(ErrorKind::InvalidArgument, "a token is at most 4096 visible characters");
    return key;
}

}  // namespace

KeyRing::KeyRing() : own_{"hotcell-links", hex(random_bytes(32)), ""} {}

Result<> KeyRing::add_lines(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto words = words_of(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (words.empty() || words.front().starts_with('#')) continue;
        const std::string line = "line " + std::to_string(number);
        auto key = TRY_IN(line, read_key(words));
        if (keys_.size() == kMaxKeys) return fail(ErrorKind::InvalidArgument, line + ": at most 1000 keys");
        if (key.id == own_.id)
            return fail(ErrorKind::InvalidArgument, line + ": the id " + key.id + " is the server's own");
        const auto id = key.id;
        if (!keys_.emplace(id, std::move(key)).second)
            return fail(ErrorKind::InvalidArgument, line + ": the id " + id + " is given more than once");
    }
    return {};
}

const AccessKey* KeyRing::find(std::string_view id) const {
    if (id == own_.id) return &own_;
    const auto found = keys_.find(id);
    return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace hotcell::api::signing
