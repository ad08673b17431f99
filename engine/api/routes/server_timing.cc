#include "engine/api/routes/server_timing.h"

#include <fmt/format.h>

#include <iterator>

namespace hotcell::api {

std::string server_timing(const std::vector<Phase>& phases, Nanos total) {
    std::string out;
    const auto append = [&out](std::string_view name, Nanos duration) {
        fmt::format_to(std::back_inserter(out), "{};dur={:.3f}", name, static_cast<double>(duration.count()) / 1e6);
    };
    for (const Phase& phase : phases) {
        if (phase.name.find('.') != std::string::npos) continue;
        append(phase.name, phase.duration);
        out += ", ";
    }
    append("total", total);
    return out;
}

}  // namespace hotcell::api
