// libFuzzer target: the router. Input: method, path, query and a header's value on a line each, then the body. Every
// request gets one answer; a service is only ever asked for things with good names.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/api/limits.h"
#include "engine/api/routes/router.h"
#include "engine/api/wire/names.h"
#include "engine/api/wire/utf8.h"
#include "tests/api/fake_call_service.h"
#include "tests/api/fake_catalog.h"
#include "tests/api/fake_run_service.h"

namespace api = hotcell::api;

namespace {

std::string_view take_line(std::string_view& input) {
    const auto end = std::min(input.find('\n'), input.size());
    const auto line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    api::FakeRunService runs;
    api::FakeCatalog catalog;
    api::FakeCallService calls;
    const api::Router router(api::Services{.run = runs, .catalog = &catalog, .calls = &calls});
    api::Request request;
    request.id = "00000000-0000-4000-8000-000000000000";
    request.method = take_line(input);
    request.path = take_line(input);
    request.query = take_line(input);
    request.headers = {{"if-match", std::string(take_line(input))}};
    request.headers.emplace_back("x-fc-log-type", request.headers[0].second);
    const auto rule = router.body_rule(request.method, request.path);
    if (rule && rule->most > 0) request.body = input;
    unsigned answers = 0;
    router.handle(std::move(request), [&](const api::Response& response) {
        ++answers;
        if (response.status < 200 || response.status > 599) std::abort();
        if (response.status >= 400 && !api::is_utf8(response.body)) std::abort();
    });
    if (answers != 1) std::abort();
    for (const auto& call : calls.calls()) {
        if (!api::check_name("", call.service, api::kMaxServiceName)) std::abort();
        if (!api::check_name("", call.function, api::kMaxFunctionName)) std::abort();
        if (!api::check_qualifier(call.qualifier)) std::abort();
    }
    return 0;
}
