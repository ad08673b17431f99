// Small pieces that the readers and writers of JSON share. Included by the sources of this folder only.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/api/wire/json_fields.h"
#include "engine/base/result.h"
#include "hotcell/catalog.h"
#include "hotcell/run.h"

namespace hotcell::api {

inline boost::json::string json_text(std::string_view value) { return boost::json::string(value.data(), value.size()); }
boost::json::array json_list(const std::vector<std::string>& values);
boost::json::object json_texts(const std::map<std::string, std::string>& values);

/// {NAME: […], "nextToken": …}; the token is absent on the last page.
template <class Item, class Write>
std::string json_of_page(const char* name, const Page<Item>& page, Write write) {
    boost::json::array items;
    for (const Item& item : page.items) items.push_back(write(item));
    boost::json::object out{{name, std::move(items)}};
    if (!page.next_token.empty()) out["nextToken"] = json_text(page.next_token);
    return boost::json::serialize(out);
}

/// InvalidArgument where a member that has to be there is not.
template <class Value>
Result<Value> required(std::string_view name, std::optional<Value> value) {
    if (!value) return fail(ErrorKind::InvalidArgument, std::string(name) + ": is missing");
    return std::move(*value);
}

inline Result<std::string> required_text(const JsonFields& fields, std::string_view name) {
    auto text = TRY(fields.text(name));
    return required(name, std::move(text));
}

/// "2016-11-02T08:00:00.000Z" for milliseconds since 1970.
std::string iso_time(std::int64_t milliseconds);

/// Microseconds with three digits; the library would write 47.17 as 4.717E1.
std::string micros_text(Nanos duration);

/// The members `totalMicros` and `phases`, without braces.
std::string json_of_times(Nanos total, const std::vector<Phase>& phases);

}  // namespace hotcell::api
