// A request's JSON body, read strictly: one object, 64 levels, 10,000 keys, no key twice, well-formed UTF-8.
//
// Here: the document, and its members by type. `code.zipFile` never becomes a string of the document: its base64 is
// decoded while it is read. Not here: which members a route knows (function_request.h).
// Threads: values, no sharing. Fuzzed: tests/fuzz/json_bodies.cc.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "hotcell/error.h"
#include "hotcell/units.h"

namespace hotcell::api {

struct JsonBody {
    boost::json::object object;
    std::optional<std::string> zip;  // what code.zipFile decodes to; the member itself is ""
};

/// InvalidArgument says what is wrong with `text`; a package of more than `most_zip` bytes is EntityTooLarge.
Result<JsonBody> parse_json_body(std::string_view text, Bytes most_zip);

/// The members of one object. A member that is null counts as one that is not there.
class JsonFields {
public:
    /// `path` stands before names in messages: "code.". The object outlives the fields.
    explicit JsonFields(const boost::json::object& object, std::string path = {})
        : object_(object), path_(std::move(path)) {}

    /// Without a zero character.
    Result<std::optional<std::string>> text(std::string_view name) const;
    Result<std::optional<std::uint32_t>> number(std::string_view name) const;
    Result<std::optional<bool>> boolean(std::string_view name) const;
    Result<std::optional<std::map<std::string, std::string>>> texts(std::string_view name) const;
    Result<std::optional<JsonFields>> object(std::string_view name) const;

    /// Fails when `name` asks for something: it is there, and neither empty (null, "", 0, false, [], {}, or made of such
    /// alone) nor `usual`, as JSON.
    Result<> expect_usual(std::string_view name, std::string_view usual) const;

private:
    const boost::json::value* find(std::string_view name) const;
    std::unexpected<Error> refuse(std::string_view name, std::string_view rule, const boost::json::value& value) const;

    const boost::json::object& object_;
    std::string path_;
};

}  // namespace hotcell::api
