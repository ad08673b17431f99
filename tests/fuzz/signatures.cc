// libFuzzer target: signatures. Input: method, path, query, then header lines "name: value". What is accepted was signed
// with the ring's own key, which no input can know; what is refused has one of FC's codes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "engine/api/signing/verify.h"

namespace signing = hotcell::api::signing;

namespace {

std::string_view take_line(std::string_view& input) {
    const auto end = std::min(input.find('\n'), input.size());
    const auto line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
}

const signing::KeyRing& keys() {
    static const signing::KeyRing ring = [] {
        signing::KeyRing made;
        if (!made.add_lines("akid " + std::string(signing::KeyRing().own().secret))) std::abort();
        return made;
    }();
    return ring;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::set<std::string> kCodes{"SignatureNotMatch", "InvalidAccessKeyID", "RequestTimeTooSkewed",
                                              "AccessDenied",      "InvalidArgument",    "MissingRequiredHeader"};
    std::string_view input(reinterpret_cast<const char*>(data), size);
    signing::Head head;
    head.method = take_line(input);
    head.path = take_line(input);
    head.query = take_line(input);
    while (!input.empty()) {
        const auto line = take_line(input);
        const auto colon = std::min(line.find(':'), line.size());
        head.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
    }
    const auto proof = signing::verify(head, keys(), 1'795'751'610, true);
    if (proof || !kCodes.contains(proof.error().code)) std::abort();

    // and the lines of a key file
    signing::KeyRing ring;
    if (ring.add_lines({reinterpret_cast<const char*>(data), size}) && ring.size() > 1'000) std::abort();
    return 0;
}
