// The engine's answers as JSON documents.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "engine/programs/cli/http_client.h"

namespace hotcell::cli {

/// The object in the body of an answer to `path`.
Outcome<boost::json::object> object_in(const Answer& answer, const std::string& path);
Outcome<boost::json::object> get_object(const Host& host, const std::string& path);

/// All pages of a list; `member` holds the items of one. `path` has no query.
Outcome<boost::json::array> get_list(const Host& host, const std::string& path, const char* member);

}  // namespace hotcell::cli
