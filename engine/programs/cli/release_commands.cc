#include "engine/programs/cli/release_commands.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

json::string json_text(std::string_view value) { return json::string(value.data(), value.size()); }

std::string path_of(const std::string& service) { return Target{service, "", ""}.path(); }

std::string versions_of(const std::string& service) { return path_of(service) + "/versions"; }
std::string aliases_of(const std::string& service) { return path_of(service) + "/aliases"; }

struct AliasName {
    std::string service;
    std::string alias;
    std::string path() const { return aliases_of(service) + "/" + percent_encode(alias); }
};

Outcome<AliasName> parse_alias(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == text.size())
        return std::unexpected(
            Failure{kUsage, "InvalidArgument", "alias: must be SERVICE/ALIAS, not \"" + text + "\""});
    return AliasName{text.substr(0, slash), text.substr(slash + 1)};
}

/// An alias as it is, and what lets nobody else change it meanwhile.
struct Present {
    json::object alias;
    std::string etag;

    std::string main() const { return text_of(alias, "versionId"); }
    /// The version that gets a share, and "" where none does.
    std::string additional() const {
        const auto* weights = alias.if_contains("additionalVersionWeight");
        if (weights == nullptr || !weights->is_object() || weights->get_object().empty()) return "";
        return std::string(weights->get_object().begin()->key());
    }
};

Outcome<Present> read_alias(const Host& host, const AliasName& name) {
    const auto answer = get(host, name.path());
    if (!answer) return std::unexpected(answer.error());
    auto alias = object_in(*answer, name.path());
    if (!alias) return std::unexpected(alias.error());
    return Present{std::move(*alias), answer->header("etag")};
}

/// "10 % to version 2", of all versions that have a share.
std::string shares_of(const json::object& alias) {
    std::string shares;
    if (const auto* weights = alias.if_contains("additionalVersionWeight"); weights != nullptr && weights->is_object())
        for (const auto& [version, weight] : weights->get_object())
            shares += fmt::format("{}{:g} % to version {}", shares.empty() ? "" : ", ",
                                  weight.to_number<double>() * 100, std::string(version));
    return shares;
}

int show_alias(const json::object& alias, const AliasName& name, bool as_json) {
    if (as_json) {
        write_bytes(stdout, json::serialize(alias) + "\n");
        return kSuccess;
    }
    const std::string shares = shares_of(alias);
    fmt::print("{}/{}: version {}{}{}\n", name.service, name.alias, text_of(alias, "versionId"),
               shares.empty() ? "" : ", ", shares);
    return kSuccess;
}

Outcome<int> send_alias(const Host& host, const AliasName& name, const char* method, json::object document,
                        const std::string& etag, bool as_json) {
    const bool creates = method == std::string_view("POST");
    if (creates) document["aliasName"] = json_text(name.alias);
    std::vector<std::string> headers{"Content-Type: application/json"};
    if (!etag.empty()) headers.push_back("If-Match: " + etag);
    const std::string path = creates ? aliases_of(name.service) : name.path();
    const auto answer = send(host, {method, path, json::serialize(document), std::move(headers)});
    if (!answer) return std::unexpected(answer.error());
    const auto alias = object_in(*answer, path);
    if (!alias) return std::unexpected(alias.error());
    return show_alias(*alias, name, as_json);
}

Outcome<int> point_at(const Host& host, const AliasName& name, const std::string& version,
                      const std::optional<std::string>& description, bool as_json) {
    json::object document{{"versionId", json_text(version)}, {"additionalVersionWeight", json::object()}};
    if (description) document["description"] = json_text(*description);
    const auto present = read_alias(host, name);
    if (present) return send_alias(host, name, "PUT", std::move(document), present->etag, as_json);
    if (present.error().code != "AliasNotFound") return std::unexpected(present.error());
    return send_alias(host, name, "POST", std::move(document), "", as_json);
}

/// The newest version before `present`; "" where there is none.
Outcome<std::string> version_before(const Host& host, const std::string& service, const std::string& present) {
    const auto versions = get_list(host, versions_of(service), "versions");
    if (!versions) return std::unexpected(versions.error());
    const auto number = [](const std::string& text) {
        std::uint64_t value = UINT64_MAX;  // LATEST is newer than all
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    std::uint64_t best = 0;
    for (const auto& item : *versions) {
        const auto id = number(text_of(item.as_object(), "versionId"));
        if (id < number(present) && id > best) best = id;
    }
    return best == 0 ? std::string() : std::to_string(best);
}

}  // namespace

Outcome<int> publish_version(const Host& host, const std::string& service, const std::string& description,
                             const std::string& alias, bool as_json) {
    const auto answer = send(host, {"POST",
                                    versions_of(service),
                                    json::serialize(json::object{{"description", json_text(description)}}),
                                    {"Content-Type: application/json"}});
    if (!answer) return std::unexpected(answer.error());
    const auto version = object_in(*answer, versions_of(service));
    if (!version) return std::unexpected(version.error());
    if (as_json)
        write_bytes(stdout, answer->body + "\n");
    else
        fmt::print("published {}: version {}\n", service, text_of(*version, "versionId"));
    if (alias.empty()) return kSuccess;
    return point_at(host, {service, alias}, text_of(*version, "versionId"), std::nullopt, as_json);
}

Outcome<int> list_versions(const Host& host, const std::string& service, bool as_json) {
    return show_pages(host, versions_of(service), "versions",
                      {{"VERSION", "versionId"}, {"DESCRIPTION", "description"}, {"PUBLISHED", "createdTime"}},
                      as_json);
}

Outcome<int> remove_version(const Host& host, const std::string& service, const std::string& version) {
    const auto gone = send(host, {"DELETE", versions_of(service) + "/" + percent_encode(version)});
    if (!gone) return std::unexpected(gone.error());
    return kSuccess;
}

Outcome<int> set_alias(const Host& host, const AliasOptions& options, bool as_json) {
    const auto name = parse_alias(options.target);
    if (!name) return std::unexpected(name.error());
    if (!options.weight) return point_at(host, *name, options.version, options.description, as_json);
    const auto present = read_alias(host, *name);
    if (!present) {
        auto failure = present.error();
        if (failure.code == "AliasNotFound") failure.hint = "make it without --weight first: it needs a main version";
        return std::unexpected(std::move(failure));
    }
    json::object document{{"additionalVersionWeight", json::object{{options.version, *options.weight / 100}}}};
    if (options.description) document["description"] = json_text(*options.description);
    return send_alias(host, *name, "PUT", std::move(document), present->etag, as_json);
}

Outcome<int> promote_alias(const Host& host, const std::string& target, bool as_json) {
    const auto name = parse_alias(target);
    if (!name) return std::unexpected(name.error());
    const auto present = read_alias(host, *name);
    if (!present) return std::unexpected(present.error());
    const auto additional = present->additional();
    if (additional.empty())
        return std::unexpected(Failure{kConflict, "Conflict", "alias " + target + ": no version gets a share of it",
                                       "hotcell alias set " + target + " --version N --weight 10 gives one"});
    return send_alias(host, *name, "PUT",
                      {{"versionId", json_text(additional)}, {"additionalVersionWeight", json::object()}},
                      present->etag, as_json);
}

Outcome<int> roll_alias_back(const Host& host, const std::string& target, bool as_json) {
    const auto name = parse_alias(target);
    if (!name) return std::unexpected(name.error());
    const auto present = read_alias(host, *name);
    if (!present) return std::unexpected(present.error());
    json::object document{{"additionalVersionWeight", json::object()}};
    if (present->additional().empty()) {
        const auto before = version_before(host, name->service, present->main());
        if (!before) return std::unexpected(before.error());
        if (before->empty())
            return std::unexpected(
                Failure{kConflict, "Conflict", "alias " + target + ": there is no version before " + present->main()});
        document["versionId"] = json_text(*before);
    }
    return send_alias(host, *name, "PUT", std::move(document), present->etag, as_json);
}

Outcome<int> list_aliases(const Host& host, const std::string& service, bool as_json) {
    auto aliases = get_list(host, aliases_of(service), "aliases");
    if (!aliases) return std::unexpected(aliases.error());
    if (!as_json)
        for (json::value& alias : *aliases)
            if (alias.is_object()) alias.get_object()["shares"] = json_text(shares_of(alias.get_object()));
    return show_items(*aliases,
                      {{"ALIAS", "aliasName"},
                       {"VERSION", "versionId"},
                       {"SHARES", "shares"},
                       {"DESCRIPTION", "description"},
                       {"CHANGED", "lastModifiedTime"}},
                      as_json);
}

Outcome<int> remove_alias(const Host& host, const std::string& target) {
    const auto name = parse_alias(target);
    if (!name) return std::unexpected(name.error());
    const auto gone = send(host, {"DELETE", name->path()});
    if (!gone) return std::unexpected(gone.error());
    return kSuccess;
}

}  // namespace hotcell::cli
