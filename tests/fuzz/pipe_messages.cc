// libFuzzer target: replies of the privileged helper as bytes. A Built reply with any numbers in it must be taken apart
// within its bounds; the rest is copied whole or not at all.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "engine/environment/reactor/message_pipe.h"
#include "engine/environment/slots/built.h"
#include "engine/protocol/forker.h"
#include "engine/protocol/front_warden.h"

namespace environment = hotcell::environment;
namespace protocol = hotcell::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    protocol::Attached attached{};
    protocol::ExitReport report{};
    hc_forked forked{};
    if (environment::copy_message(bytes, attached) != (size == sizeof attached)) std::abort();
    if (environment::copy_message(bytes, report) != (size == sizeof report)) std::abort();
    if (environment::copy_message(bytes, forked) != (size == sizeof forked)) std::abort();
    protocol::ConnectionsOpened connections{};
    if (environment::copy_message(bytes, connections) != (size == sizeof connections)) std::abort();
    // the reply from however many bytes there are: seeds need not have its exact size
    protocol::Built built{};
    bytes.substr(0, sizeof built).copy(reinterpret_cast<char*>(&built), sizeof built);
    std::vector<hotcell::linux::UniqueFd> fds(built.fd_count % (protocol::kMostFds + 2));  // numbers of none
    const auto opened = environment::open_reply(built, fds);
    if (opened && (built.failure.step != 0 || opened->steps.size() != built.step_count)) std::abort();
    if (opened && fds.size() != built.fd_count) std::abort();
    return 0;
}
