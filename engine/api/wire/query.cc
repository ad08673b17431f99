#include "engine/api/wire/query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "engine/base/result.h"

namespace hotcell::api {

namespace {

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

std::unexpected<Error> refuse(std::string_view field, std::string rule, std::string_view value) {
    return fail(ErrorKind::InvalidArgument, std::string(field) + ": " + std::move(rule) + ", not " + quote(value));
}

/// Short enough and clean enough to stand in a message.
std::string shortened(std::string_view text) {
    std::string out;
    for (const unsigned char byte : text.substr(0, 40))
        out.push_back(byte < 0x20 || byte >= 0x7f ? '?' : static_cast<char>(byte));
    return out + (text.size() > 40 ? "…" : "");
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array<Unit, 8> kByteUnits{{{"", 1},
                                          {"B", 1},
                                          {"KiB", 1 << 10},
                                          {"MiB", 1 << 20},
                                          {"GiB", 1 << 30},
                                          {"K", 1 << 10},
                                          {"M", 1 << 20},
                                          {"G", 1 << 30}}};
constexpr std::array<Unit, 4> kMicroUnits{{{"", 1'000}, {"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}}};

/// digits [ '.' 1 to 6 digits ] unit, as a whole number of the smallest unit.
template <std::size_t N>
std::optional<std::uint64_t> parse_quantity(std::string_view text, const std::array<Unit, N>& units) {
    std::uint64_t whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::uint64_t fraction = 0, scale = 1;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 6) return std::nullopt;
        for (const char c : text.substr(0, digits))
            fraction = fraction * 10 + static_cast<unsigned>(c - '0'), scale *= 10;
        text.remove_prefix(digits);
    }
    const auto unit = std::ranges::find(units, text, &Unit::name);
    if (unit == units.end()) return std::nullopt;
    std::uint64_t scaled = 0;
    if (__builtin_mul_overflow(whole, unit->factor, &scaled) || (fraction * unit->factor) % scale != 0)
        return std::nullopt;
    if (__builtin_add_overflow(scaled, fraction * unit->factor / scale, &scaled)) return std::nullopt;
    return scaled;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
        if (!high || !low) return std::nullopt;
        out.push_back(static_cast<char>(*high * 16 + *low));
        i += 2;
    }
    return out;
}

std::string quote(std::string_view text) { return '"' + shortened(text) + '"'; }

std::unexpected<Error> refuse_value(std::string_view field, std::string_view allowed, std::string_view actual) {
    return fail(ErrorKind::InvalidArgument, std::string(field) + " is set to an invalid value (allowed: " +
                                                std::string(allowed) + ", actual: '" + shortened(actual) + "')");
}

Result<QueryFields> parse_query(std::string_view query) {
    QueryFields fields;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto field = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (field.empty()) continue;
        const auto equals = std::min(field.find('='), field.size());
        auto name = percent_decode(field.substr(0, equals));
        auto value = percent_decode(field.substr(std::min(equals + 1, field.size())));
        if (!name || !value) return refuse("query", "'%' is followed by two hexadecimal digits", field);
        if (name->empty()) return refuse("query", "a field has a name", field);
        if (std::ranges::find(fields, *name, &QueryFields::value_type::first) != fields.end())
            return refuse("query", "a field is given once", *name);
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return fields;
}

Result<std::uint64_t> parse_count(std::string_view field, std::string_view text, std::uint64_t least,
                                  std::uint64_t most) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count < least || count > most)
        return refuse(field, "must be a whole number in " + std::to_string(least) + ".." + std::to_string(most), text);
    return count;
}

Result<Bytes> parse_bytes(std::string_view field, std::string_view text, Bytes least, Bytes most) {
    const auto count = parse_quantity(text, kByteUnits);
    if (!count || Bytes{*count} < least || Bytes{*count} > most)
        return refuse(field, "must be a size in " + text_of(least) + ".." + text_of(most), text);
    return Bytes{*count};
}

Result<Millis> parse_duration(std::string_view field, std::string_view text, Millis least, Millis most) {
    const auto micros = parse_quantity(text, kMicroUnits);
    const auto limit = [](Millis value) { return std::to_string(value.count()) + "ms"; };
    if (!micros || *micros % 1'000 != 0 || *micros / 1'000 < static_cast<std::uint64_t>(least.count()) ||
        *micros / 1'000 > static_cast<std::uint64_t>(most.count()))
        return refuse(field, "must be a duration in " + limit(least) + ".." + limit(most), text);
    return Millis(*micros / 1'000);
}

std::string text_of(Bytes bytes) {
    for (const Unit& unit : {Unit{"GiB", 1 << 30}, Unit{"MiB", 1 << 20}, Unit{"KiB", 1 << 10}})
        if (bytes.count >= unit.factor && bytes.count % unit.factor == 0)
            return std::to_string(bytes.count / unit.factor) + std::string(unit.name);
    return std::to_string(bytes.count);
}

}  // namespace hotcell::api
