// One value against one rule of limits.h, with Function Compute's words when it is out of it. Pure; for the rules of this folder.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/catalog/rules/limits.h"
#include "engine/catalog/rules/rules.h"

namespace hotcell::catalog {

Result<> check_number(const NumberRule& rule, std::uint32_t value);
Result<> check_text(const TextRule& rule, std::string_view text, bool multiline = false);
Result<> check_name(const TextRule& rule, std::string_view name);
Result<> check_count(const CountRule& rule, std::size_t count);
/// An absolute path without ".." and without empty parts.
Result<> check_directory(const TextRule& rule, std::string_view path);
std::unexpected<Error> refuse_format(std::string_view field, std::string_view format, std::string_view actual);

bool is_letter(char c);
bool is_digit(char c);

/// One of `allowed`.
Result<> check_choice(std::string_view field, std::span<const std::string_view> allowed, std::string_view value);

}  // namespace hotcell::catalog
