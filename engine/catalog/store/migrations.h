// The numbered steps from an empty database to today's schema: migrations/NNN.sql, compiled in. A step that was released
// is never edited.
#pragma once

#include <span>
#include <string_view>

namespace hotcell::catalog {

/// The first is 001.sql. Their number is the schema's.
std::span<const std::string_view> migrations();

}  // namespace hotcell::catalog
