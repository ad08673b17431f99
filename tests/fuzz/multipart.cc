// libFuzzer target: the form parser on arbitrary bytes. The first line is the boundary, the rest the body.
// What it must hold: every part lies within the body, and parsing what was accepted twice gives the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/api/wire/multipart.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto line = std::min(input.find('\n'), input.size());
    const auto body = input.substr(std::min(line + 1, input.size()));
    (void)hotcell::api::boundary_of(input.substr(0, line));
    const auto parts = hotcell::api::parse_multipart(body, input.substr(0, line), 64);
    if (!parts) return 0;
    if (parts->empty() || parts->size() > 64) std::abort();
    for (const auto& part : *parts) {
        const bool inside = part.content.data() >= body.data() &&
                            part.content.data() + part.content.size() <= body.data() + body.size();
        if (!inside || part.name.empty()) std::abort();
    }
    return 0;
}
