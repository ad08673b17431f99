// libFuzzer target: JSON bodies of the FC trees. What is accepted can be written again, as UTF-8; services and functions have
// good names, and the package that was decoded while the body was read is the one that its base64 says.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/api/limits.h"
#include "engine/api/wire/base64.h"
#include "engine/api/wire/config_json.h"
#include "engine/api/wire/function_json.h"
#include "engine/api/wire/layer_json.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/service_json.h"
#include "engine/api/wire/trigger_json.h"
#include "engine/api/wire/utf8.h"
#include "engine/api/wire/version_json.h"

namespace api = hotcell::api;

namespace {

void must(bool good) {
    if (!good) std::abort();
}

void try_functions(std::string_view body) {
    const auto made = api::read_function("s", body);
    if (!made) return;
    must(api::check_name("", made->function.name, api::kMaxFunctionName).has_value());
    std::string again;
    must(api::decode_base64(api::base64(made->zip), again) && again == made->zip);
    for (const auto& [name, value] : made->function.settings.environment)
        must((name + value).find('\0') == std::string::npos);
    must(api::is_utf8(api::json_of(made->function)));
}

/// Reads `body` over a fresh configuration and writes what came of it.
template <class Config, class Read, class Write>
void try_config(std::string_view body, Read read, Write write) {
    Config config;
    if (read(body, config)) must(api::is_utf8(write(config)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    if (const auto service = api::read_service(body)) {
        must(api::check_name("", service->name, api::kMaxServiceName).has_value());
        must(api::is_utf8(body) && api::is_utf8(api::json_of(*service)));
    } else {
        must(!service.error().doing.empty() && api::is_utf8(service.error().message()));
    }
    try_functions(body);
    (void)api::read_service_change(body);
    (void)api::read_function_change(body);
    if (const auto alias = api::read_alias(body)) must(api::is_utf8(api::json_of(*alias)));
    (void)api::read_alias_change(body);
    (void)api::read_publish(body);
    if (const auto trigger = api::read_trigger("s", "f", body))
        for (const auto form : {api::ConfigForm::Object, api::ConfigForm::Text})
            must(api::is_utf8(api::json_of(*trigger, form, "http://x")));
    (void)api::read_trigger_change(body);
    if (const auto made = api::read_layer("l", body)) must(api::is_utf8(api::json_of(made->layer, "")));
    if (const auto tags = api::read_tags(body))
        must(api::check_name("", tags->service, api::kMaxServiceName).has_value());
    (void)api::read_untag(body);
    try_config<hotcell::ProvisionConfig>(body, api::read_provision,
                                         [](const auto& put) { return api::json_of(put, hotcell::ProvisionState{}); });
    try_config<hotcell::OnDemandConfig>(body, api::read_on_demand, [](const auto& put) { return api::json_of(put); });
    try_config<hotcell::AsyncConfig>(body, api::read_async, [](const auto& put) { return api::json_of(put); });
    return 0;
}
