// Whether bytes can stand in a JSON string as they are.
#pragma once

#include <string_view>

#include "engine/base/utf8.h"

namespace hotcell::api {

using hotcell::is_utf8;

}  // namespace hotcell::api
