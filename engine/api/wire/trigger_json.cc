#include "engine/api/wire/trigger_json.h"

#include <boost/json.hpp>

#include "engine/api/wire/json_body.h"
#include "engine/api/wire/json_fields.h"
#include "engine/api/wire/json_text.h"
#include "engine/api/wire/names.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

json::object object_of(const HttpTrigger& http) {
    return {{"authType", json_text(http.auth_type)},
            {"methods", json_list(http.methods)},
            {"authConfig", nullptr},
            {"disableURLInternet", false}};
}

json::object object_of(const Trigger& trigger, ConfigForm form, std::string_view address) {
    const auto config = object_of(trigger.http);
    const std::string service = trigger.service + (trigger.qualifier.empty() ? "" : "." + trigger.qualifier);
    const std::string url = std::string(address) + "/2016-08-15/proxy/" + service + "/" + trigger.function + "/";
    json::object out{{"triggerName", json_text(trigger.name)},
                     {"triggerId", json_text(trigger.id)},
                     {"triggerType", json_text(trigger.type)},
                     {"description", json_text(trigger.description)},
                     {"triggerConfig", config},
                     {"qualifier", json_text(trigger.qualifier)},
                     {"sourceArn", nullptr},
                     {"targetArn", json_text(arn_of({trigger.service, trigger.qualifier, trigger.function}))},
                     {"invocationRole", json_text(trigger.invocation_role)},
                     {"domainName", ""},
                     {"urlInternet", json_text(url)},
                     {"urlIntranet", json_text(url)},
                     {"status", nullptr},
                     {"createdTime", json_text(iso_time(trigger.created_ms))},
                     {"lastModifiedTime", json_text(iso_time(trigger.modified_ms))}};
    if (form == ConfigForm::Text) out["triggerConfig"] = json::serialize(config);
    if (!trigger.source_arn.empty()) out["sourceArn"] = json_text(trigger.source_arn);
    return out;
}

Result<std::optional<HttpTrigger>> read_config(const JsonFields& fields) {
    json::object holder;
    const auto config = TRY(fields.object_or_text("triggerConfig", holder));
    if (!config) return std::nullopt;
    HttpTrigger http;
    if (auto type = TRY(config->text("authType"))) http.auth_type = std::move(*type);
    for (char& c : http.auth_type)  // older tools write ANONYMOUS and FUNCTION
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    http.methods = TRY(config->text_list("methods"))
    .value_or(std::vector<std::string>());
    TRY(config->expect_usual("authConfig", ""));
    TRY(config->expect_usual("disableURLInternet", "false"));
    TRY(config->refuse_slips());
    return http;
}

/// What any kind of trigger has; the kinds that are not here are refused before their configuration is looked at.
Result<> refuse_other_kinds(std::string_view type) {
    if (type == "http") return {};
    return fail(ErrorKind::InvalidArgument, "triggerType: must be http, not " + std::string(type.substr(0, 20)),
                "other sources of events are not offered here");
}

}  // namespace

Result<Trigger> read_trigger(std::string service, std::string function, std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    Trigger trigger;
    trigger.service = std::move(service);
    trigger.function = std::move(function);
    trigger.name = TRY(required_text(fields, "triggerName"));
    trigger.type = TRY(required_text(fields, "triggerType"));
    TRY(refuse_other_kinds(trigger.type));
    trigger.description = TRY(fields.text("description"))
    .value_or("");
    trigger.qualifier = TRY(fields.text("qualifier"))
    .value_or("");
    trigger.source_arn = TRY(fields.text("sourceArn"))
    .value_or("");
    trigger.invocation_role = TRY(fields.text("invocationRole"))
    .value_or("");
    auto config = TRY(read_config(fields));
    trigger.http = TRY(required("triggerConfig", std::move(config)));
    TRY(fields.refuse_slips());
    return trigger;
}

Result<TriggerChange> read_trigger_change(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    TriggerChange change;
    change.description = TRY(fields.text("description"));
    change.qualifier = TRY(fields.text("qualifier"));
    change.invocation_role = TRY(fields.text("invocationRole"));
    change.http = TRY(read_config(fields));
    for (const char* name : {"triggerName", "triggerType", "sourceArn"}) (void)TRY(fields.text(name));  // repeated
    TRY(fields.refuse_slips());
    return change;
}

std::string json_of(const Trigger& trigger, ConfigForm form, std::string_view address) {
    return json::serialize(object_of(trigger, form, address));
}
std::string json_of(const Page<Trigger>& page, ConfigForm form, std::string_view address) {
    return json_of_page("triggers", page, [&](const Trigger& trigger) { return object_of(trigger, form, address); });
}

}  // namespace hotcell::api
