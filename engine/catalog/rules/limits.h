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
inline constexpr NumberRule kLimit{"limit", 1, 100, 1};

/// Characters, not bytes; control characters are never allowed but in a description.
struct TextRule {
    std::string_view field;
    std::uint32_t least;
    std::uint32_t most;
};
inline constexpr TextRule kServiceName{"serviceName", 1, 128};
inline constexpr TextRule kFunctionName{"functionName", 1, 64};
inline constexpr TextRule kHandler{"handler", 1, 128};
inline constexpr TextRule kInitializer{"initializer", 0, 128};
inline constexpr TextRule kDescription{"description", 0, 256};
inline constexpr TextRule kRole{"role", 0, 300};
inline constexpr TextRule kLogProject{"logConfig.project", 0, 128};
inline constexpr TextRule kLogstore{"logConfig.logstore", 0, 128};
inline constexpr TextRule kPrefix{"prefix", 0, 128};
inline constexpr TextRule kStartKey{"startKey", 0, 128};

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

}  // namespace hotcell::catalog
