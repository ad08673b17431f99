#include "engine/api/wire/multipart.h"

#include <algorithm>

#include "engine/base/result.h"

namespace hotcell::api {

namespace {

constexpr std::size_t kMaxPartHeaders = 2 << 10;

std::unexpected<Error> malformed(std::string what) {
    return fail(ErrorKind::InvalidArgument, "body: " + std::move(what), "send multipart/form-data as curl -F does");
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_boundary(std::string_view text) {
    constexpr std::string_view kMarks = "'()+_,-./:=? ";
    return !text.empty() && text.size() <= 70 && text.back() != ' ' && std::ranges::all_of(text, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

/// Takes `; name=value` or `; name="value"` from the front of `text`. Backslashes in quotes are refused, not guessed at.
struct Parameter {
    std::string name;
    std::string_view value;
};
std::optional<Parameter> take_parameter(std::string_view& text) {
    text = trim(text);
    if (text.empty() || text.front() != ';') return std::nullopt;
    text = trim(text.substr(1));
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    Parameter parameter{lower(text.substr(0, equals)), {}};
    if (parameter.name.find_first_of(" \t\";") != std::string::npos) return std::nullopt;
    text.remove_prefix(equals + 1);
    if (!text.empty() && text.front() == '"') {
        const auto end = text.find('"', 1);
        if (end == std::string_view::npos) return std::nullopt;
        parameter.value = text.substr(1, end - 1);
        if (parameter.value.find('\\') != std::string_view::npos) return std::nullopt;
        text.remove_prefix(end + 1);
    } else {
        const auto end = std::min(text.find_first_of("; \t"), text.size());
        parameter.value = text.substr(0, end);
        if (parameter.value.empty() || parameter.value.find('"') != std::string_view::npos) return std::nullopt;
        text.remove_prefix(end);
    }
    return parameter;
}

Result<> read_disposition(std::string_view value, FormPart& part) {
    constexpr std::string_view kFormData = "form-data";
    if (lower(value.substr(0, kFormData.size())) != kFormData)
        return malformed("a part's Content-Disposition is not form-data");
    value.remove_prefix(kFormData.size());
    bool named = false;
    while (!trim(value).empty()) {
        const auto parameter = take_parameter(value);
        if (!parameter) return malformed("a part's Content-Disposition cannot be read");
        if (parameter->name == "name") {
            if (named) return malformed("a part has two names");
            named = true;
            part.name = parameter->value;
        } else if (parameter->name == "filename") {
            if (part.file_name) return malformed("a part has two file names");
            part.file_name = parameter->value;
        } else {
            return malformed("a part's Content-Disposition has an unknown parameter");
        }
    }
    if (!named || part.name.empty()) return malformed("a part has no name");
    return {};
}

/// Reads the header lines of one part from the front of `text`, past their empty line.
Result<> read_part_headers(std::string_view& text, FormPart& part) {
    const auto end = text.substr(0, kMaxPartHeaders).find("\r\n\r\n");
    if (end == std::string_view::npos) return malformed("a part's headers do not end within 2048 bytes");
    auto headers = text.substr(0, end + 2);
    text.remove_prefix(end + 4);
    bool disposed = false;
    while (!headers.empty()) {
        const auto line_end = headers.find("\r\n");
        const auto line = headers.substr(0, line_end);
        headers.remove_prefix(line_end + 2);
        const bool clean = std::ranges::all_of(
            line, [](unsigned char byte) { return byte == '\t' || (byte >= 0x20 && byte != 0x7f); });
        const auto colon = line.find(':');
        if (!clean || colon == std::string_view::npos) return malformed("a part's header line cannot be read");
        const auto name = lower(line.substr(0, colon));
        const auto value = trim(line.substr(colon + 1));
        if (name == "content-disposition") {
            if (disposed) return malformed("a part has two Content-Dispositions");
            disposed = true;
            if (auto read = read_disposition(value, part); !read) return std::unexpected(read.error());
        } else if (name == "content-transfer-encoding") {
            if (lower(value) != "binary" && lower(value) != "8bit" && lower(value) != "7bit")
                return malformed("a part has a Content-Transfer-Encoding");
        } else if (name != "content-type") {
            return malformed("a part has an unknown header");
        }
    }
    if (!disposed) return malformed("a part has no Content-Disposition");
    return {};
}

}  // namespace

Result<std::string> boundary_of(std::string_view content_type) {
    const auto refuse = [](std::string_view what) {
        return fail(ErrorKind::InvalidArgument, "Content-Type: " + std::string(what),
                    "send multipart/form-data as curl -F does");
    };
    const auto type_end = std::min(content_type.find(';'), content_type.size());
    if (lower(trim(content_type.substr(0, type_end))) != "multipart/form-data")
        return refuse("not multipart/form-data");
    content_type.remove_prefix(type_end);
    std::optional<std::string> boundary;
    while (!trim(content_type).empty()) {
        const auto parameter = take_parameter(content_type);
        if (!parameter) return refuse("its parameters cannot be read");
        if (parameter->name != "boundary") continue;
        if (boundary) return refuse("two boundaries");
        boundary = std::string(parameter->value);
    }
    if (!boundary || !is_boundary(*boundary)) return refuse("no boundary of 1 to 70 allowed characters");
    return *boundary;
}

Result<std::vector<FormPart>> parse_multipart(std::string_view body, std::string_view boundary, std::size_t most) {
    const std::string opening = "--" + std::string(boundary);
    const std::string between = "\r\n" + opening;
    if (!body.starts_with(opening)) return malformed("it does not begin with its boundary");
    body.remove_prefix(opening.size());
    std::vector<FormPart> parts;
    for (;;) {
        if (body.starts_with("--")) {
            body.remove_prefix(2);
            if (!body.empty() && body != "\r\n") return malformed("bytes after the closing boundary");
            if (parts.empty()) return malformed("no part");
            return parts;
        }
        if (!body.starts_with("\r\n")) return malformed("a boundary is followed by other bytes");
        body.remove_prefix(2);
        if (parts.size() == most) return malformed("more than " + std::to_string(most) + " parts");
        FormPart part;
        if (auto read = read_part_headers(body, part); !read) return std::unexpected(read.error());
        const auto end = body.find(between);
        if (end == std::string_view::npos) return malformed("a part is not closed by the boundary");
        part.content = body.substr(0, end);
        body.remove_prefix(end + between.size());
        parts.push_back(part);
    }
}

}  // namespace hotcell::api
