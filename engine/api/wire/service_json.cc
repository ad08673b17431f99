#include "engine/api/wire/service_json.h"

#include <boost/json.hpp>

#include "engine/api/wire/json_body.h"
#include "engine/api/wire/json_fields.h"
#include "engine/api/wire/json_text.h"
#include "engine/api/wire/names.h"
#include "engine/base/result.h"

namespace hotcell::api {

namespace json = boost::json;

namespace {

Result<LogConfig> read_log(const JsonFields& fields) {
    LogConfig log;
    log.project = TRY(fields.text("project"))
    .value_or("");
    log.logstore = TRY(fields.text("logstore"))
    .value_or("");
    log.request_metrics = TRY(fields.boolean("enableRequestMetrics"))
    .value_or(false);
    log.instance_metrics = TRY(fields.boolean("enableInstanceMetrics"))
    .value_or(false);
    if (auto rule = TRY(fields.text("logBeginRule")); rule && !rule->empty()) log.begin_rule = std::move(*rule);
    TRY(fields.refuse_slips());
    return log;
}

Result<VpcConfig> read_vpc(const JsonFields& fields) {
    VpcConfig vpc;
    vpc.vpc_id = TRY(fields.text("vpcId"))
    .value_or("");
    vpc.vswitch_ids = TRY(fields.text_list("vSwitchIds"))
    .value_or(std::vector<std::string>());
    vpc.security_group_id = TRY(fields.text("securityGroupId"))
    .value_or("");
    vpc.role = TRY(fields.text("role"))
    .value_or("");
    TRY(fields.refuse_slips());
    return vpc;
}

Result<NasConfig> read_nas(const JsonFields& fields) {
    NasConfig nas;
    nas.user_id = TRY(fields.integer("userId"))
    .value_or(nas.user_id);
    nas.group_id = TRY(fields.integer("groupId"))
    .value_or(nas.group_id);
    for (const auto& item : TRY(fields.object_list("mountPoints")).value_or(std::vector<JsonFields>())) {
        NasMount mount;
        mount.server = TRY(item.text("serverAddr"))
        .value_or("");
        mount.directory = TRY(item.text("mountDir"))
        .value_or("");
        mount.tls = TRY(item.boolean("enableTLS"))
        .value_or(false);
        TRY(item.refuse_slips());
        nas.mounts.push_back(std::move(mount));
    }
    TRY(fields.refuse_slips());
    return nas;
}

Result<std::vector<OssMount>> read_oss(const JsonFields& fields) {
    std::vector<OssMount> mounts;
    for (const auto& item : TRY(fields.object_list("mountPoints")).value_or(std::vector<JsonFields>())) {
        OssMount mount;
        mount.bucket = TRY(item.text("bucketName"))
        .value_or("");
        mount.path = TRY(item.text("bucketPath"))
        .value_or("");
        mount.endpoint = TRY(item.text("endpoint"))
        .value_or("");
        mount.directory = TRY(item.text("mountDir"))
        .value_or("");
        mount.read_only = TRY(item.boolean("readOnly"))
        .value_or(false);
        TRY(item.refuse_slips());
        mounts.push_back(std::move(mount));
    }
    TRY(fields.refuse_slips());
    return mounts;
}

Result<TracingConfig> read_tracing(const JsonFields& fields) {
    TracingConfig tracing;
    tracing.type = TRY(fields.text("type"))
    .value_or("");
    if (auto parameters = TRY(fields.texts("params"))) tracing.parameters = std::move(*parameters);
    TRY(fields.refuse_slips());
    return tracing;
}

Result<ServiceChange> read_change(const JsonFields& fields) {
    ServiceChange change;
    change.description = TRY(fields.text("description"));
    change.role = TRY(fields.text("role"));
    change.internet_access = TRY(fields.boolean("internetAccess"));
    if (const auto log = TRY(fields.object("logConfig"))) change.log = TRY(read_log(*log));
    if (const auto vpc = TRY(fields.object("vpcConfig"))) change.vpc = TRY(read_vpc(*vpc));
    if (const auto nas = TRY(fields.object("nasConfig"))) change.nas = TRY(read_nas(*nas));
    if (const auto oss = TRY(fields.object("ossMountConfig"))) change.oss_mounts = TRY(read_oss(*oss));
    if (const auto tracing = TRY(fields.object("tracingConfig"))) change.tracing = TRY(read_tracing(*tracing));
    TRY(fields.expect_usual("vendorConfig", ""));
    TRY(fields.expect_usual("useSLRAuthentication", "false"));
    return change;
}

json::value text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return json_text(text);
}

json::object object_of(const LogConfig& log) {
    return {{"project", json_text(log.project)},
            {"logstore", json_text(log.logstore)},
            {"enableRequestMetrics", log.request_metrics},
            {"enableInstanceMetrics", log.instance_metrics},
            {"logBeginRule", json_text(log.begin_rule)}};
}

json::object object_of(const VpcConfig& vpc) {
    return {{"vpcId", json_text(vpc.vpc_id)},
            {"vSwitchIds", json_list(vpc.vswitch_ids)},
            {"securityGroupId", json_text(vpc.security_group_id)},
            {"role", json_text(vpc.role)}};
}

json::object object_of(const NasConfig& nas) {
    json::array mounts;
    for (const NasMount& mount : nas.mounts)
        mounts.push_back(json::object{{"serverAddr", json_text(mount.server)},
                                      {"mountDir", json_text(mount.directory)},
                                      {"enableTLS", mount.tls}});
    return {{"userId", nas.user_id}, {"groupId", nas.group_id}, {"mountPoints", std::move(mounts)}};
}

json::object object_of(const std::vector<OssMount>& mounts) {
    json::array items;
    for (const OssMount& mount : mounts)
        items.push_back(json::object{{"bucketName", json_text(mount.bucket)},
                                     {"bucketPath", json_text(mount.path)},
                                     {"endpoint", json_text(mount.endpoint)},
                                     {"mountDir", json_text(mount.directory)},
                                     {"readOnly", mount.read_only}});
    return {{"mountPoints", std::move(items)}};
}

json::object object_of(const TracingConfig& tracing) {
    json::object out{{"type", text_or_null(tracing.type)}, {"params", nullptr}};
    if (!tracing.parameters.empty()) out["params"] = json_texts(tracing.parameters);
    return out;
}

json::object object_of(const Service& service) {
    const ServiceSettings& settings = service.settings;
    return {{"serviceName", json_text(service.name)},
            {"serviceId", json_text(service.id)},
            {"description", json_text(settings.description)},
            {"role", json_text(settings.role)},
            {"logConfig", object_of(settings.log)},
            {"vpcConfig", object_of(settings.vpc)},
            {"internetAccess", settings.internet_access},
            {"nasConfig", object_of(settings.nas)},
            {"ossMountConfig", object_of(settings.oss_mounts)},
            {"tracingConfig", object_of(settings.tracing)},
            {"vendorConfig", nullptr},
            {"useSLRAuthentication", false},
            {"tags", json_texts(service.tags)},
            {"createdTime", json_text(iso_time(service.created_ms))},
            {"lastModifiedTime", json_text(iso_time(service.modified_ms))}};
}

json::object tags_of(const Service& service) {
    return {{"resourceArn", json_text(arn_of_service(service.name))}, {"tags", json_texts(service.tags)}};
}

}  // namespace

Result<Service> read_service(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    Service service;
    service.name = TRY(required_text(fields, "serviceName"));
    TRY(read_service_name(service.name));
    auto change = TRY(read_change(fields));
    if (auto tags = TRY(fields.texts("tags"))) service.tags = std::move(*tags);
    TRY(fields.refuse_slips());
    ServiceSettings& settings = service.settings;
    settings.description = std::move(change.description).value_or("");
    settings.role = std::move(change.role).value_or("");
    settings.log = std::move(change.log).value_or(LogConfig{});
    settings.internet_access = change.internet_access.value_or(true);
    settings.vpc = std::move(change.vpc).value_or(VpcConfig{});
    settings.nas = std::move(change.nas).value_or(NasConfig{});
    settings.oss_mounts = std::move(change.oss_mounts).value_or(std::vector<OssMount>());
    settings.tracing = std::move(change.tracing).value_or(TracingConfig{});
    return service;
}

Result<ServiceChange> read_service_change(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    auto change = TRY(read_change(fields));
    (void)TRY(fields.text("serviceName"));  // clients repeat it
    TRY(fields.refuse_slips());
    return change;
}

std::string json_of(const Service& service) { return json::serialize(object_of(service)); }
std::string json_of(const Page<Service>& page) {
    return json_of_page("services", page, [](const Service& service) { return object_of(service); });
}

Result<TagRequest> read_tags(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    TagRequest request;
    const auto arn = TRY(required_text(fields, "resourceArn"));
    request.service = TRY(read_service_arn(arn));
    auto tags = TRY(fields.texts("tags"));
    request.tags = TRY(required("tags", std::move(tags)));
    TRY(fields.refuse_slips());
    return request;
}

Result<TagRequest> read_untag(std::string_view body) {
    const auto document = TRY(parse_json_body(body, Bytes{0}));
    const JsonFields fields(document.object);
    TagRequest request;
    const auto arn = TRY(required_text(fields, "resourceArn"));
    request.service = TRY(read_service_arn(arn));
    request.keys = TRY(fields.text_list("tagKeys"))
    .value_or(std::vector<std::string>());
    request.all = TRY(fields.boolean("all"))
    .value_or(false);
    TRY(fields.refuse_slips());
    return request;
}

std::string json_of_tags(const Service& service) { return json::serialize(tags_of(service)); }
std::string json_of_tagged(const Page<Service>& page) {
    Page<Service> tagged{{}, page.next_token};
    for (const Service& service : page.items)
        if (!service.tags.empty()) tagged.items.push_back(service);
    return json_of_page("resources", tagged, tags_of);
}

}  // namespace hotcell::api
