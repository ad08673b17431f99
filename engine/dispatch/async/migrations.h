// The numbered steps from an empty file to today's schema of the queue: migrations/NNN.sql, compiled in. A step that was
// released is never edited.
#pragma once

#include <span>
#include <string_view>

namespace hotcell::dispatch::async {

/// The first is 001.sql. Their number is the schema's.
std::span<const std::string_view> migrations();

}  // namespace hotcell::dispatch::async
