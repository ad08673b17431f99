// One of the interface's fuzz targets on mutated seeds; built once for each target.
#include <gtest/gtest.h>

#include <string>

#include "tests/fuzz/mutate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace hotcell {
namespace {

TEST(ApiFuzz, HoldsItsInvariants) {
    const std::string function =
        R"({"functionName":"f","runtime":"python3","handler":"i.h","timeout":3,"memorySize":128,)"
        R"("code":{"zipFile":"UEsDBA=="},"environmentVariables":{"A":"1"},"layers":[],"cpu":null})";
    const std::string service = R"({"serviceName":"img","description":"ä","logConfig":{"project":"p","logstore":"l"},)"
                                R"("internetAccess":true,"vpcConfig":{"vpcId":"","vSwitchIds":[]}})";
    mutate_and_try(
        {function, service, "POST\n/2016-08-15/services\n\n\n" + service,
         "POST\n/2016-08-15/services/img.LATEST/functions\n\n\n" + function,
         "POST\n/2016-08-15/services/img/functions/f/invocations\n\nTail\nevent",
         "PUT\n/2016-08-15/services/img\n\ne1\n{}", "GET\n/2016-08-15/services\nlimit=2&prefix=a&nextToken=b\n\n",
         "GET\n/v1/instances\nservice=img&function=f\n\n",
         "GET\n/v1/logs\nservice=img&function=f&requestId=r-1&since=1000&after=7&limit=5&wait=20s&match=a%20b\n\n",
         "GET\n/2016-08-15/proxy/s/f/a%20b\nx-fc-access-key-id=akid&x-fc-expires=1795751700&x-fc-signature=x%3D\n",
         "POST\n/2016-08-15/services\n\ndate: Fri, 27 Nov 2026 03:53:30 GMT\nx-fc-account-id: 1\n"
         "authorization: FC akid:IHx+ymW3VyPTF9yX42HZktzaUf5HmEqF3kahiIyURC4=",
         "PUT\n/2021-04-06/services/a\nqualifier=b\nx-acs-date: 2026-11-27T03:53:30Z\nx-acs-content-sha256: 0\n"
         "authorization: ACS3-HMAC-SHA256 Credential=akid,SignedHeaders=x-acs-content-sha256;x-acs-date,Signature=0",
         "akid a-secret-of-letters a-token\n# comment\n",
         "GET\n/v1/invocations/00000000-0000-4000-8000-000000000000\n\n\n"},
        {"\"",
         "{",
         "}",
         "[",
         "]",
         ",",
         ":",
         "\\u0000",
         "\\ud800",
         "1e999",
         "null",
         "code",
         "zipFile",
         "==",
         "%00",
         "%2f",
         "..",
         "/",
         ".",
         "%",
         "\n",
         "LATEST",
         std::string(70, '['),
         service},
        60'000, LLVMFuzzerTestOneInput);
}

}  // namespace
}  // namespace hotcell
