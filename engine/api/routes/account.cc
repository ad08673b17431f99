// What clients ask of the account before they upload.
#include "engine/api/limits.h"
#include "engine/api/routes/catalog_routes.h"
#include "engine/api/wire/json.h"

namespace hotcell::api {

Result<Response> get_account_settings(const Services&, Request&) {
    return document(R"({"availableAZs":["local"],"defaultRole":""})");
}

Result<Response> get_account_configs(const Services&, Request&) {
    const auto most = std::to_string(kMaxPackageText.count);  // base64 included, as Function Compute counts
    return document(json_of({{"CodeSizeLimit", most}, {"EnhancedCodeSizeLimit", most}, {"GPUCodeSizeLimit", "0"}}));
}

Result<Response> list_reserved_capacities(const Services&, Request&) {
    return document(R"({"reservedCapacities":[]})");
}

Result<Response> refuse_bucket_token(const Services&, Request&) {
    return fail(ErrorKind::InvalidArgument, "temporary buckets: there is no object storage here to upload to",
                "send the package as code.zipFile, at most " + std::to_string(kMostPackage.count) + " bytes");
}

}  // namespace hotcell::api
