#include "engine/api/wire/json_body.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "engine/api/limits.h"
#include "engine/api/wire/base64.h"
#include "engine/api/wire/json_fields.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

Error package_too_large(std::size_t size, std::size_t most) {
    return {ErrorKind::InvalidArgument,
            0,
            "code.zipFile: payload size exceeds maximum allowed size (" + std::to_string(most) +
                " bytes): the package has " + std::to_string(size) + " bytes",
            {},
            "EntityTooLarge"};
}

/// Builds the document from the parser's events, and judges what the parser does not: repeated keys, how many there are.
class Builder {
public:
    static constexpr std::size_t max_object_size = kMaxJsonKeys;
    static constexpr std::size_t max_array_size = kMaxJsonKeys;
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    Builder(std::size_t most_zip, std::size_t text_size) : most_zip_(most_zip) {
        text_size_ = text_size;
        stack_.reset();
    }

    JsonBody take() {
        JsonBody body{std::move(stack_.release().as_object()), std::nullopt};
        if (has_zip_) body.zip = std::move(zip_.bytes());
        return body;
    }
    std::optional<Error>& refusal() { return refusal_; }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        levels_.push_back({true, {}, {}});
        return true;
    }
    bool on_object_end(std::size_t n, json::error_code&) {
        stack_.push_object(n);
        levels_.pop_back();
        return true;
    }
    bool on_array_begin(json::error_code& error) {
        if (levels_.empty()) return refuse(error, "body: must be a JSON object");
        levels_.push_back({false, {}, {}});
        return true;
    }
    bool on_array_end(std::size_t n, json::error_code&) {
        stack_.push_array(n);
        levels_.pop_back();
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        levels_.back().key.append(part.data(), part.size());
        stack_.push_chars(part);
        return true;
    }
    bool on_key(json::string_view rest, std::size_t, json::error_code& error) {
        Level& level = levels_.back();
        level.key.append(rest.data(), rest.size());
        stack_.push_key(rest);
        if (++keys_ > kMaxJsonKeys)
            return refuse(error, "body: at most " + std::to_string(kMaxJsonKeys) + " keys in all");
        if (!level.seen.insert(level.key).second) return refuse(error, "body: a key is given more than once");
        level.last.swap(level.key);
        level.key.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code& error) {
        if (is_zip()) return add_to_zip(part, error);
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view rest, std::size_t, json::error_code& error) {
        if (!is_zip()) {
            stack_.push_string(rest);
            return count_value(error);
        }
        if (!add_to_zip(rest, error)) return false;
        if (!zip_.finish()) return refuse(error, "code.zipFile: is not base64");
        if (zip_.bytes().size() > most_zip_) {
            refusal_ = package_too_large(zip_.bytes().size(), most_zip_);
            error = json::make_error_code(json::error::syntax);
            return false;
        }
        if (std::exchange(has_zip_, true)) return refuse(error, "code.zipFile: is given more than once");
        stack_.push_string("");
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, json::error_code& error) {
        stack_.push_int64(number);
        return count_value(error);
    }
    bool on_uint64(std::uint64_t number, json::string_view, json::error_code& error) {
        stack_.push_uint64(number);
        return count_value(error);
    }
    bool on_double(double number, json::string_view, json::error_code& error) {
        if (!std::isfinite(number)) return refuse(error, "body: a number is too large");
        stack_.push_double(number);
        return count_value(error);
    }
    bool on_bool(bool value, json::error_code& error) {
        stack_.push_bool(value);
        return count_value(error);
    }
    bool on_null(json::error_code& error) {
        stack_.push_null();
        return count_value(error);
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    struct Level {
        bool is_object;
        std::string key;   // under way
        std::string last;  // the value's that comes
        std::set<std::string, std::less<>> seen{};
    };

    bool is_zip() const {
        return levels_.size() == 2 && levels_[0].is_object && levels_[1].is_object &&
               equals_ignoring_case(levels_[0].last, "code") && equals_ignoring_case(levels_[1].last, "zipFile");
    }
    bool add_to_zip(json::string_view part, json::error_code& error) {
        if (zip_.bytes().empty()) zip_.bytes().reserve(text_size_ / 4 * 3);
        return zip_.add({part.data(), part.size()}) || refuse(error, "code.zipFile: is not base64");
    }
    /// Values of arrays have no key that would be counted.
    bool count_value(json::error_code& error) {
        if (levels_.empty()) return refuse(error, "body: must be a JSON object");
        if (levels_.back().is_object || ++keys_ <= kMaxJsonKeys) return true;
        return refuse(error, "body: at most " + std::to_string(kMaxJsonKeys) + " values in all");
    }
    bool refuse(json::error_code& error, std::string words) {
        refusal_ = fail(ErrorKind::InvalidArgument, std::move(words)).error();
        error = json::make_error_code(json::error::syntax);
        return false;
    }

    json::value_stack stack_;
    std::vector<Level> levels_;
    std::size_t keys_ = 0;
    Base64Decoder zip_;
    bool has_zip_ = false;
    const std::size_t most_zip_;
    std::size_t text_size_ = 0;
    std::optional<Error> refusal_;
};

}  // namespace

Result<JsonBody> parse_json_body(std::string_view text, Bytes most_zip) {
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    json::basic_parser<Builder> parser(options, static_cast<std::size_t>(most_zip.count), text.size());
    json::error_code error;
    const auto used = parser.write_some(false, text.data(), text.size(), error);
    auto& refusal = parser.handler().refusal();
    if (refusal) return std::unexpected(std::move(*refusal));
    if (error || !parser.done())
        return fail(ErrorKind::InvalidArgument, "body: not JSON: " + (error ? error.message() : "it ends too early"));
    if (used != text.size()) return fail(ErrorKind::InvalidArgument, "body: bytes after the JSON object");
    return parser.handler().take();
}

}  // namespace hotcell::api
