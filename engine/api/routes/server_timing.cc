#include "engine/api/routes/server_timing.h"

#include "engine/base/decimal.h"

namespace hotcell::api {

std::string server_timing(const std::vector<Phase>& phases, Nanos total) {
    std::string out;
    out.reserve(160);
    const auto append = [&out](std::string_view name, Nanos duration) {
        out.append(name).append(";dur=");
        append_decimal(out, (static_cast<std::uint64_t>(duration.count()) + 500) / 1000, 3);
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
