// The members of a JSON object by type, read as Function Compute's server reads them: names in any case, null as absent.
//
// Here: types, with messages that name the member and show the value; members that nobody asked for but that look like a
// slip of one that somebody did. Not here: what values may be, which the engine judges for every caller.
// Threads: values, no sharing.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotcell/error.h"

namespace hotcell::api {

bool equals_ignoring_case(std::string_view a, std::string_view b);

class JsonFields {
public:
    /// `path` stands before names in messages: "code.". The object outlives the fields.
    explicit JsonFields(const boost::json::object& object, std::string path = {})
        : object_(&object), path_(std::move(path)) {}

    /// Without a zero character.
    Result<std::optional<std::string>> text(std::string_view name) const;
    Result<std::optional<std::uint32_t>> number(std::string_view name) const;
    /// From -2147483648 on.
    Result<std::optional<std::int32_t>> integer(std::string_view name) const;
    Result<std::optional<double>> decimal(std::string_view name) const;
    Result<std::optional<bool>> boolean(std::string_view name) const;
    Result<std::optional<std::map<std::string, std::string>>> texts(std::string_view name) const;
    Result<std::optional<std::map<std::string, double>>> decimals(std::string_view name) const;
    Result<std::optional<std::vector<std::string>>> text_list(std::string_view name) const;
    Result<std::optional<JsonFields>> object(std::string_view name) const;
    Result<std::optional<std::vector<JsonFields>>> object_list(std::string_view name) const;
    /// An object, or a string that holds one: FC's two trees write triggers' configurations in these two ways. `holder`
    /// keeps what the string was parsed to and outlives the fields.
    Result<std::optional<JsonFields>> object_or_text(std::string_view name, boost::json::object& holder) const;

    /// Fails when `name` asks for something: it is there, and neither empty (null, "", 0, false, [], {}, or made of such
    /// alone) nor `usual`, as JSON.
    Result<> expect_usual(std::string_view name, std::string_view usual) const;
    /// Whether the member is there, null or not.
    bool has(std::string_view name) const;

    /// InvalidArgument for a member that nobody has asked for and that is a letter or two away from one that was: a slip,
    /// which would otherwise be left aside without a word. Other members are left aside: clients send more than any one
    /// version of the API names. To be called when everything has been asked for.
    Result<> refuse_slips() const;

private:
    const boost::json::value* find(std::string_view name) const;
    std::unexpected<Error> refuse(std::string_view name, std::string_view rule, const boost::json::value& value) const;

    const boost::json::object* object_;
    std::string path_;
    mutable std::vector<std::string_view> asked_;  // literals of the readers
};

}  // namespace hotcell::api
