// What the catalog's fields may be: the one table of limits. Function Compute 2.0's values.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hotcell::catalog {

struct NumberRule {
    std::string_view field;
    std::uint32_t least;
    std::uint32_t most;
    std::uint32_t step;
};
inline constexpr NumberRule kTimeout{"timeout", 1, 86400, 1};
inline constexpr NumberRule kInitializationTimeout{"initializationTimeout", 1, 300, 1};
inline constexpr NumberRule kMemorySize{"memorySize", 128, 32768, 64};
inline constexpr NumberRule kCpuPercent{"cpu in hundredths", 5, 1600, 5};  // or 0: by memory
inline constexpr NumberRule kConcurrency{"instanceConcurrency", 1, 200, 1};
inline constexpr NumberRule kPort{"caPort", 1, 65535, 1};
inline constexpr NumberRule kInitialDelay{"customHealthCheckConfig.initialDelaySeconds", 0, 120, 1};
inline constexpr NumberRule kPeriod{"customHealthCheckConfig.periodSeconds", 1, 120, 1};
inline constexpr NumberRule kCheckTimeout{"customHealthCheckConfig.timeoutSeconds", 1, 3, 1};
inline constexpr NumberRule kFailureThreshold{"customHealthCheckConfig.failureThreshold", 1, 120, 1};
inline constexpr NumberRule kSuccessThreshold{"customHealthCheckConfig.successThreshold", 1, 120, 1};
inline constexpr NumberRule kPreFreezeTimeout{"instanceLifecycleConfig.preFreeze.timeout", 1, 90, 1};
inline constexpr NumberRule kPreStopTimeout{"instanceLifecycleConfig.preStop.timeout", 1, 90, 1};
inline constexpr NumberRule kTarget{"target", 0, 10000, 1};
inline constexpr NumberRule kEventAge{"maxAsyncEventAgeInSeconds", 1, 2592000, 1};
inline constexpr NumberRule kRetries{"maxAsyncRetryAttempts", 0, 8, 1};
inline constexpr NumberRule kLimit{"limit", 1, 100, 1};

/// Characters, not bytes; control characters are never allowed but in a description.
struct TextRule {
    std::string_view field;
    std::uint32_t least;
    std::uint32_t most;
};
inline constexpr TextRule kServiceName{"serviceName", 1, 128};
inline constexpr TextRule kFunctionName{"functionName", 1, 64};
inline constexpr TextRule kAliasName{"aliasName", 1, 128};
inline constexpr TextRule kHandler{"handler", 1, 128};
inline constexpr TextRule kInitializer{"initializer", 0, 128};
inline constexpr TextRule kPreFreeze{"instanceLifecycleConfig.preFreeze.handler", 0, 128};
inline constexpr TextRule kPreStop{"instanceLifecycleConfig.preStop.handler", 0, 128};
inline constexpr TextRule kDescription{"description", 0, 256};
inline constexpr TextRule kRole{"role", 0, 300};
inline constexpr TextRule kLogProject{"logConfig.project", 0, 128};
inline constexpr TextRule kLogstore{"logConfig.logstore", 0, 128};
inline constexpr TextRule kVpcId{"vpcConfig.vpcId", 0, 64};
inline constexpr TextRule kVSwitchId{"vpcConfig.vSwitchIds", 1, 64};
inline constexpr TextRule kSecurityGroup{"vpcConfig.securityGroupId", 0, 64};
inline constexpr TextRule kVpcRole{"vpcConfig.role", 0, 300};
inline constexpr TextRule kNasServer{"nasConfig.mountPoints.serverAddr", 1, 512};
inline constexpr TextRule kNasDirectory{"nasConfig.mountPoints.mountDir", 1, 256};
inline constexpr TextRule kOssBucket{"ossMountConfig.mountPoints.bucketName", 1, 63};
inline constexpr TextRule kOssPath{"ossMountConfig.mountPoints.bucketPath", 0, 512};
inline constexpr TextRule kOssEndpoint{"ossMountConfig.mountPoints.endpoint", 0, 512};
inline constexpr TextRule kOssDirectory{"ossMountConfig.mountPoints.mountDir", 1, 256};
inline constexpr TextRule kTracingParameter{"tracingConfig.params", 0, 512};
inline constexpr TextRule kCommandPart{"customRuntimeConfig", 0, 1024};
inline constexpr TextRule kHealthPath{"customHealthCheckConfig.httpGetUrl", 0, 2048};
inline constexpr TextRule kLayerArn{"layers", 1, 256};
inline constexpr TextRule kLayerName{"layerName", 1, 64};
inline constexpr TextRule kLicense{"license", 0, 256};
inline constexpr TextRule kTriggerName{"triggerName", 1, 128};
inline constexpr TextRule kSourceArn{"sourceArn", 0, 512};
inline constexpr TextRule kInvocationRole{"invocationRole", 0, 300};
inline constexpr TextRule kActionName{"ScheduledActions.name", 1, 128};
inline constexpr TextRule kPolicyName{"TargetTrackingPolicies.name", 1, 128};
inline constexpr TextRule kDestination{"destinationConfig", 0, 512};
inline constexpr TextRule kQualifier{"qualifier", 0, 128};
inline constexpr TextRule kTagKey{"the key of a tag", 1, 64};
inline constexpr TextRule kTagValue{"the value of a tag", 0, 128};
inline constexpr TextRule kPrefix{"prefix", 0, 128};
inline constexpr TextRule kStartKey{"startKey", 0, 128};

/// How many of something one thing may have.
struct CountRule {
    std::string_view field;
    std::size_t most;
};
inline constexpr CountRule kNasMounts{"nasConfig.mountPoints", 5};
inline constexpr CountRule kOssMounts{"ossMountConfig.mountPoints", 5};
inline constexpr CountRule kVSwitches{"vpcConfig.vSwitchIds", 20};
inline constexpr CountRule kTracingParameters{"tracingConfig.params", 20};
inline constexpr CountRule kLayers{"layers", 5};
inline constexpr CountRule kCompatibleRuntimes{"compatibleRuntime", 32};
inline constexpr CountRule kCommandParts{"customRuntimeConfig", 64};
inline constexpr CountRule kNameServers{"customDNS.nameServers", 3};  // what resolv.conf(5) takes
inline constexpr CountRule kSearches{"customDNS.searches", 6};
inline constexpr CountRule kDnsOptions{"customDNS.dnsOptions", 16};
inline constexpr CountRule kScheduledActions{"ScheduledActions", 100};
inline constexpr CountRule kPolicies{"TargetTrackingPolicies", 100};
inline constexpr CountRule kTags{"tags", 20};
inline constexpr CountRule kExtraWeights{"additionalVersionWeight", 1};

inline constexpr std::array<std::uint32_t, 2> kDiskSizes{512, 10240};  // MB
inline constexpr std::array<std::string_view, 2> kInstanceTypes{"e1", "c1"};
inline constexpr std::array<std::string_view, 2> kBeginRules{"None", "DefaultRegex"};

inline constexpr std::array<std::string_view, 1> kTriggerTypes{"http"};  // that this engine has
inline constexpr std::array<std::string_view, 2> kAuthTypes{"anonymous", "function"};
inline constexpr std::array<std::string_view, 7> kMethods{"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"};

inline constexpr std::string_view kNameFormat = "^[_a-zA-Z][-_a-zA-Z0-9]*$";

inline constexpr std::size_t kEnvironmentBytes = 4096;  // names and values together
inline constexpr std::string_view kVariableFormat = "^[a-zA-Z][_a-zA-Z0-9]*$";
/// Names that the engine sets itself, as Function Compute reserves them.
inline constexpr std::array<std::string_view, 4> kReservedVariables{"accessKeyID", "accessKeySecret", "securityToken",
                                                                    "topic"};
inline constexpr std::array<std::string_view, 2> kReservedPrefixes{"FC_", "HOTCELL_"};
/// Names that the dynamic loader or the C library reads before anything of ours runs: in the environment of a shim's exec
/// they would put other code into the shim. The environment of a function reaches its process after the shim has booted,
/// so that LD_LIBRARY_PATH, PATH, PYTHONPATH, NODE_OPTIONS and the like, which people do need, change user code only.
inline constexpr std::array<std::string_view, 3> kLoaderVariables{"LD_PRELOAD", "LD_AUDIT", "GLIBC_TUNABLES"};

inline constexpr std::uint32_t kFunctionsPerService = 50;
inline constexpr std::uint32_t kVersionsPerLayer = 100;

}  // namespace hotcell::catalog
