// What commands print: tables, bytes, phases.
#pragma once

#include <boost/json/object.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace hotcell::cli {

using Row = std::vector<std::string>;

/// With '?' for control bytes: what a stranger has written must not move the cursor of whoever reads it.
std::string clean(std::string text);

/// Columns as wide as their widest cell, two spaces between them; the first row are the titles. Control bytes of cells
/// are shown as '?'.
void print_table(const std::vector<Row>& rows);

void write_bytes(std::FILE* to, const std::string& bytes);

/// `phases` and `totalMicros` of a report, on standard error; parts are indented. Throws when they are not there.
void print_phases(const boost::json::object& report);

/// The member as text: a string as it is, nothing and null as "", the rest as JSON.
std::string text_of(const boost::json::object& object, std::string_view name);

}  // namespace hotcell::cli
