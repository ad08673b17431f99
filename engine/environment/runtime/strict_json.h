// Our own configuration files as JSON, read strictly: an error names the file and the key, an unknown key is an error.
//
// Not here: JSON from clients (api/wire). Threads: values, no sharing.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace hotcell::environment {

class JsonObject {
public:
    /// The text must be one object, at most 16 levels deep, in strict UTF-8 and without a key twice.
    static Result<JsonObject> parse(std::string_view text, std::string file);

    bool has(std::string_view key) const;
    Result<std::string> string(std::string_view key);
    Result<std::string> string_or(std::string_view key, std::string otherwise);
    Result<bool> boolean_or(std::string_view key, bool otherwise);
    Result<std::uint64_t> number_or(std::string_view key, std::uint64_t otherwise, std::uint64_t least,
                                    std::uint64_t most);
    /// A list of at least one string.
    Result<std::vector<std::string>> strings(std::string_view key);
    Result<std::map<std::string, std::string>> string_map(std::string_view key);
    Result<JsonObject> object(std::string_view key);
    Result<std::vector<JsonObject>> objects(std::string_view key);
    /// Every key must have been asked for.
    Result<> finish() const;
    /// InvalidArgument, with file and key in front.
    std::unexpected<Error> wrong(std::string_view key, std::string_view what) const;

private:
    JsonObject(boost::json::object object, std::string file, std::string path);
    Result<const boost::json::value*> find(std::string_view key);
    std::string name_of(std::string_view key) const;

    boost::json::object object_;
    std::string file_;
    std::string path_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace hotcell::environment
