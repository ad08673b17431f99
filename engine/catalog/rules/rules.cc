#include "engine/catalog/rules/rules.h"

#include "engine/catalog/rules/values.h"

namespace hotcell::catalog {

namespace {

template <class Field>
void set_if(Field& field, const std::optional<Field>& wanted) {
    if (wanted) field = *wanted;
}

Result<> check_log(const LogConfig& log) {
    TRY(check_text(kLogProject, log.project));
    TRY(check_text(kLogstore, log.logstore));
    return check_choice("logConfig.logBeginRule", kBeginRules, log.begin_rule);
}

Result<> check_vpc(const VpcConfig& vpc) {
    TRY(check_text(kVpcId, vpc.vpc_id));
    TRY(check_count(kVSwitches, vpc.vswitch_ids.size()));
    for (const std::string& id : vpc.vswitch_ids) TRY(check_text(kVSwitchId, id));
    TRY(check_text(kSecurityGroup, vpc.security_group_id));
    return check_text(kVpcRole, vpc.role);
}

Result<> check_nas_id(std::string_view field, std::int32_t id) {
    if (id >= -1 && id <= 65534) return {};
    return refuse_value(field, "-1-65534", std::to_string(id));
}

Result<> check_nas(const NasConfig& nas) {
    TRY(check_nas_id("nasConfig.userId", nas.user_id));
    TRY(check_nas_id("nasConfig.groupId", nas.group_id));
    TRY(check_count(kNasMounts, nas.mounts.size()));
    for (const NasMount& mount : nas.mounts) {
        TRY(check_text(kNasServer, mount.server));
        TRY(check_directory(kNasDirectory, mount.directory));
    }
    return {};
}

Result<> check_oss(const std::vector<OssMount>& mounts) {
    TRY(check_count(kOssMounts, mounts.size()));
    for (const OssMount& mount : mounts) {
        TRY(check_text(kOssBucket, mount.bucket));
        TRY(check_text(kOssPath, mount.path));
        TRY(check_text(kOssEndpoint, mount.endpoint));
        TRY(check_directory(kOssDirectory, mount.directory));
    }
    return {};
}

Result<> check_tracing(const TracingConfig& tracing) {
    constexpr std::string_view kTypes[] = {"", "Jaeger"};
    TRY(check_choice("tracingConfig.type", kTypes, tracing.type));
    TRY(check_count(kTracingParameters, tracing.parameters.size()));
    for (const auto& [name, value] : tracing.parameters) {
        TRY(check_text(kTracingParameter, name));
        TRY(check_text(kTracingParameter, value));
    }
    return {};
}

Result<> check_settings(const ServiceSettings& settings) {
    TRY(check_description(settings.description));
    TRY(check_text(kRole, settings.role));
    TRY(check_log(settings.log));
    TRY(check_vpc(settings.vpc));
    TRY(check_nas(settings.nas));
    TRY(check_oss(settings.oss_mounts));
    return check_tracing(settings.tracing);
}

bool is_version(std::string_view text) {
    return text == kLatest ||
           (!text.empty() && text.size() <= 18 && text[0] != '0' && std::all_of(text.begin(), text.end(), is_digit));
}

}  // namespace

Result<> check_service_name(std::string_view name) { return check_name(kServiceName, name); }
Result<> check_description(std::string_view description) { return check_text(kDescription, description, true); }
Result<> check_limit(std::uint32_t limit) { return check_number(kLimit, limit); }

Result<> check_tags(const std::map<std::string, std::string>& tags) {
    TRY(check_count(kTags, tags.size()));
    for (const auto& [key, value] : tags) {
        TRY(check_text(kTagKey, key));
        TRY(check_text(kTagValue, value));
    }
    return {};
}

void apply(ServiceSettings& settings, const ServiceChange& change) {
    set_if(settings.description, change.description);
    set_if(settings.role, change.role);
    set_if(settings.log, change.log);
    set_if(settings.internet_access, change.internet_access);
    set_if(settings.vpc, change.vpc);
    set_if(settings.nas, change.nas);
    set_if(settings.oss_mounts, change.oss_mounts);
    set_if(settings.tracing, change.tracing);
}

Result<> check(const Service& service) {
    TRY(check_service_name(service.name));
    TRY(check_settings(service.settings));
    return check_tags(service.tags);
}

Result<> check(const ServiceChange& change) {
    ServiceSettings changed;  // what is unset is as it may be
    apply(changed, change);
    return check_settings(changed);
}

Result<> check(const Alias& alias) {
    TRY(check_name(kAliasName, alias.name));
    if (alias.name == kLatest) return refuse_value("aliasName", "a name other than LATEST", alias.name);
    TRY(check_description(alias.description));
    if (!is_version(alias.version)) return refuse_format("versionId", "^(LATEST|[1-9][0-9]*)$", alias.version);
    TRY(check_count(kExtraWeights, alias.extra_weights.size()));
    for (const auto& [version, weight] : alias.extra_weights) {
        if (!is_version(version) || version == kLatest)
            return refuse_format("additionalVersionWeight", "^[1-9][0-9]*$", version);
        if (!(weight >= 0 && weight <= 1))
            return refuse_value("additionalVersionWeight", "0-1", std::to_string(weight));
    }
    return {};
}

Result<> check(const PageRequest& page) {
    TRY(check_limit(page.limit));
    TRY(check_text(kPrefix, page.prefix));
    return check_text(kStartKey, page.start_key);
}

}  // namespace hotcell::catalog
