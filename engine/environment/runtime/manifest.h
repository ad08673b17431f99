// What the engine must know of a runtime, as data (runtimes/NAME/manifest.json).
//
// Here: reading and checking. Not here: what its sandboxes see (root_entries.h), what is done with it (dispatch).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "hotcell/units.h"

namespace hotcell::environment {

struct ForkerRecipe {
    std::vector<std::string> arguments;  // [0] is the absolute path inside the root tree
    std::map<std::string, std::string> environment;
    Bytes memory;
};

/// A program that makes more of a package when it is deployed: the zip on its standard input, files to add on its standard output.
struct CompileRecipe {
    std::vector<std::string> program;  // argv
    std::string directory;             // the name of the directories that it may put files into
};

/// Where the runtime API is reached inside a sandbox, at 127.0.0.1.
inline constexpr std::uint16_t kRuntimeApiPort = 9001;

/// How the engine and a function's program talk.
enum class Speech : std::uint8_t {
    Frames,      // with a shim, over its channel
    Http,        // the program is an HTTP server
    RuntimeApi,  // the program asks for its calls over HTTP
};

/// Which payloads go through shared memory: of so many bytes and more; unset: none of that direction.
struct SharedMemoryUse {
    std::optional<Bytes> events_from;
    std::optional<Bytes> results_from;
};

/// How a process of this runtime becomes a function environment by exec; with a zygote its children do so too.
struct FunctionRecipe {
    Speech speaks = Speech::Frames;
    std::vector<std::string> shim;     // Frames: argv
    std::vector<std::string> command;  // otherwise: argv, where the function names none; "{handler}" is its handler
    std::map<std::string, std::vector<std::string>> commands;  // of single names
    std::map<std::string, std::string> environment;            // until LOAD brings the function's own
    std::optional<CompileRecipe> compile;                      // unset: packages are taken as they are
    std::optional<SharedMemoryUse> shared_memory;  // Frames; unset: everything goes over the channel's pipes
    bool prepared = false;                         // worth keeping booted, before it is known for which function
};

struct Manifest {
    std::string name;
    std::vector<std::string> names;                  // runtime identifiers of functions which this runtime serves
    std::string program_file;                        // the name of the program's file in /code
    std::vector<std::string> exec;                   // argv of a program started by exec; arguments of the call follow
    std::optional<ForkerRecipe> zygote;              // unset: this runtime cannot fork
    std::optional<FunctionRecipe> function;          // unset: it runs programs, but no functions
    std::map<std::string, std::string> environment;  // of the program; a call may override each
    std::vector<std::string> packages;               // of Debian 12, that its root image is made of (rootfs/build)
    std::string image;                               // not in the file: its root image; empty: the host's tree
};

/// InvalidArgument with `file` and the key for everything out of rule, unknown keys included.
Result<Manifest> parse_manifest(std::string_view text, const std::string& file);
/// Every DIRECTORY/manifest.json below `directory`, by name; a manifest's name must be its directory's, and no two serve the
/// same identifier.
Result<std::vector<Manifest>> read_manifests(const std::string& directory);

}  // namespace hotcell::environment
