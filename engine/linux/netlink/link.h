// Links of the network namespace the calling thread is in, through rtnetlink (rtnetlink(7)) with libnl.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace hotcell::linux {

/// Sets the link up. Needs CAP_NET_ADMIN over the namespace. Kernel(ENODEV) when there is none of that name.
Result<> set_link_up(const std::string& name);

}  // namespace hotcell::linux
