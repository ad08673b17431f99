// What a client may ask of the server (docs/threat-model.md, "API limits"). One place, so that tests can shrink them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "hotcell/limits.h"
#include "hotcell/units.h"

namespace hotcell::api {

inline constexpr std::size_t kMaxRequestLine = 8 << 10;
inline constexpr std::size_t kMaxHeaderBlock = 16 << 10;  // the lines after the request line
inline constexpr std::size_t kMaxHeaders = 100;
inline constexpr std::size_t kMaxChunkExtension = 256;

inline constexpr Bytes kMaxProgram = mebibytes(16);
inline constexpr Bytes kMaxEvent = mebibytes(6);
inline constexpr std::size_t kMaxArguments = 256;
inline constexpr std::size_t kMaxEnvironment = 256;
inline constexpr Bytes kMaxArgumentBytes = kibibytes(64);  // arguments and environment together
inline constexpr Bytes kMaxRunBody{(16 + 6 + 1) * (1ull << 20)};

inline constexpr std::size_t kMaxServiceName = 128;
inline constexpr std::size_t kMaxFunctionName = 64;
inline constexpr std::size_t kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxJsonKeys = 10'000;
inline constexpr Bytes kMaxJson = kibibytes(256);                    // of a document without code
inline constexpr Bytes kMaxPackageText{kMostPackage.count / 3 * 4};  // in base64
inline constexpr Bytes kMaxCodeBody{kMaxPackageText.count + kMaxJson.count};

struct ServerLimits {
    std::uint32_t connections = 1024;
    std::uint32_t connections_per_uid = 64;
    std::uint32_t pipelined_requests = 100;  // answered in a row without the client waiting for one
    Bytes buffered_bodies = mebibytes(256);  // of all connections together
    Bytes body = kMaxCodeBody;
    std::chrono::milliseconds first_byte{5'000};
    std::chrono::milliseconds whole_head{10'000};
    std::chrono::milliseconds body_idle{30'000};  // without a byte
    std::chrono::milliseconds whole_body{300'000};
    std::chrono::milliseconds keep_alive{60'000};
    std::chrono::milliseconds write{60'000};  // of one answer
};

}  // namespace hotcell::api
