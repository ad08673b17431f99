// The engine's answers as JSON documents.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// The object in the body of an answer to `path`.
Outcome<boost::json::object> object_in(const Answer& answer, const std::string& path);
Outcome<boost::json::object> get_object(const Host& host, const std::string& path);

/// A column of a table: its title, and the member that it shows.
using Column = std::pair<const char*, const char*>;

/// The items as rows, or as one JSON array.
Outcome<int> show_items(const boost::json::array& items, const std::vector<Column>& columns, bool as_json);
/// The same of all pages of a list.
Outcome<int> show_pages(const Host& host, const std::string& path, const char* member,
                        const std::vector<Column>& columns, bool as_json);

/// All pages of a list; `member` holds the items of one. `path` has no query.
Outcome<boost::json::array> get_list(const Host& host, const std::string& path, const char* member);

}  // namespace hotcell::cli
