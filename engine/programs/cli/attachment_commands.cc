#include "engine/programs/cli/attachment_commands.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/api/wire/base64.h"
#include "engine/programs/cli/json_answer.h"
#include "engine/programs/cli/output.h"
#include "engine/programs/cli/package.h"
#include "engine/programs/cli/target.h"

namespace hotcell::cli {

namespace json = boost::json;

namespace {

json::string json_text(std::string_view value) { return json::string(value.data(), value.size()); }

json::array list_of(const std::vector<std::string>& texts) {
    json::array list;
    for (const auto& text : texts) list.push_back(json_text(text));
    return list;
}

Outcome<std::string> triggers_of(const std::string& text) {
    auto target = parse_target(text, true);
    if (!target) return std::unexpected(target.error());
    target->qualifier.clear();  // triggers belong to the function, and name a qualifier
    return target->path() + "/triggers";
}

std::string layer_path(const std::string& name) { return "/2016-08-15/layers/" + percent_encode(name) + "/versions"; }

/// The document as it came, or one line made of it.
template <class Line>
Outcome<int> show(const Outcome<Answer>& answer, const std::string& path, bool as_json, Line line) {
    if (!answer) return std::unexpected(answer.error());
    const auto document = object_in(*answer, path);
    if (!document) return std::unexpected(document.error());
    if (as_json)
        write_bytes(stdout, answer->body + "\n");
    else
        fmt::print("{}\n", line(*document));
    return kSuccess;
}

Outcome<int> remove(const Host& host, const std::string& path) {
    const auto gone = send(host, {"DELETE", path});
    if (!gone) return std::unexpected(gone.error());
    return kSuccess;
}

}  // namespace

Outcome<int> create_trigger(const Host& host, const TriggerOptions& options, bool as_json) {
    const auto path = triggers_of(options.target);
    if (!path) return std::unexpected(path.error());
    const json::object document{
        {"triggerName", json_text(options.name)},
        {"triggerType", "http"},
        {"qualifier", json_text(parse_target(options.target, true)->qualifier)},
        {"triggerConfig", json::object{{"authType", json_text(options.auth)}, {"methods", list_of(options.methods)}}}};
    return show(send(host, {"POST", *path, json::serialize(document), {"Content-Type: application/json"}}), *path,
                as_json, [](const json::object& trigger) {
                    return "created " + text_of(trigger, "triggerName") + ": " + text_of(trigger, "urlInternet");
                });
}

Outcome<int> list_triggers(const Host& host, const std::string& target, bool as_json) {
    const auto path = triggers_of(target);
    if (!path) return std::unexpected(path.error());
    return show_pages(host, *path, "triggers",
                      {{"TRIGGER", "triggerName"},
                       {"TYPE", "triggerType"},
                       {"QUALIFIER", "qualifier"},
                       {"URL", "urlInternet"},
                       {"CONFIG", "triggerConfig"}},
                      as_json);
}

Outcome<int> remove_trigger(const Host& host, const std::string& target, const std::string& name) {
    const auto path = triggers_of(target);
    if (!path) return std::unexpected(path.error());
    return remove(host, *path + "/" + percent_encode(name));
}

Outcome<int> publish_layer(const Host& host, const LayerOptions& options, bool as_json) {
    const auto package = make_package(options.code);
    if (!package) return std::unexpected(package.error());
    const json::object document{{"description", json_text(options.description)},
                                {"compatibleRuntime", list_of(options.runtimes)}};
    std::string body = json::serialize(document);
    body.back() = ',';  // the package is not copied through a tree of values
    body += "\"code\":{\"zipFile\":\"" + api::base64(*package) + "\"}}";
    const auto path = layer_path(options.name);
    return show(send(host, {"POST", path, std::move(body), {"Content-Type: application/json"}}), path, as_json,
                [](const json::object& layer) {
                    return "published " + text_of(layer, "layerName") + ": version " + text_of(layer, "version") +
                           ", " + text_of(layer, "arn");
                });
}

Outcome<int> list_layers(const Host& host, const std::string& name, bool as_json) {
    const std::vector<Column> columns{{"LAYER", "layerName"},
                                      {"VERSION", "version"},
                                      {"BYTES", "codeSize"},
                                      {"ARN", "arn"},
                                      {"DESCRIPTION", "description"}};
    if (name.empty()) return show_pages(host, "/2016-08-15/layers", "layers", columns, as_json);
    json::array all;
    for (std::string next;;) {
        const auto path = layer_path(name) + "?limit=100" + (next.empty() ? "" : "&startVersion=" + next);
        const auto page = get_object(host, path);
        if (!page) return std::unexpected(page.error());
        if (const auto* items = page->if_contains("layers"); items != nullptr && items->is_array())
            all.insert(all.end(), items->get_array().begin(), items->get_array().end());
        next = text_of(*page, "nextVersion");
        if (next.empty()) return show_items(all, columns, as_json);
    }
}

Outcome<int> remove_layer(const Host& host, const std::string& name, const std::string& version) {
    return remove(host, layer_path(name) + "/" + percent_encode(version));
}

}  // namespace hotcell::cli
