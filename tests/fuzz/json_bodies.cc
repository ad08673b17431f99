// libFuzzer target: bodies of requests about services and functions. What is accepted has good names, and the package
// that was decoded while the body was read is the one that its base64 says.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/api/limits.h"
#include "engine/api/wire/base64.h"
#include "engine/api/wire/function_json.h"
#include "engine/api/wire/function_request.h"
#include "engine/api/wire/utf8.h"

namespace api = hotcell::api;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    if (const auto service = api::read_service(body)) {
        if (!api::check_name("", service->name, api::kMaxServiceName)) std::abort();
        if (!api::is_utf8(body) || !api::is_utf8(service->settings.description)) std::abort();
        if (!api::is_utf8(api::json_of(*service))) std::abort();
    } else if (service.error().doing.empty()) {
        std::abort();
    }
    if (const auto made = api::read_function("s", body)) {
        if (!api::check_name("", made->function.name, api::kMaxFunctionName)) std::abort();
        std::string again;
        if (!api::decode_base64(api::base64(made->zip), again) || again != made->zip) std::abort();
        for (const auto& [name, value] : made->function.settings.environment)
            if ((name + value).find('\0') != std::string::npos) std::abort();
        if (!api::is_utf8(api::json_of(made->function))) std::abort();
    }
    (void)api::read_service_change(body);
    (void)api::read_function_change(body);
    return 0;
}
