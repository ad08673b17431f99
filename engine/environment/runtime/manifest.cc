#include "engine/environment/runtime/manifest.h"

#include <algorithm>

#include "engine/environment/runtime/strict_json.h"
#include "engine/linux/files/files.h"

namespace hotcell::environment {

namespace {

constexpr std::size_t kMostFileBytes = 64 << 10;

bool is_plain_name(std::string_view name, std::size_t most) {
    if (name.empty() || name.size() > most || name[0] == '.') return false;
    for (const char c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-'))
            return false;
    return true;
}

/// Debian Policy 5.6.7.
bool is_package_name(std::string_view name) {
    return name.size() >= 2 && name.size() <= 64 && name[0] != '-' && name[0] != '+' && name[0] != '.' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == std::string_view::npos;
}

Result<std::vector<std::string>> command(JsonObject& object, std::string_view key) {
    std::vector<std::string> arguments = TRY(object.strings(key));
    if (arguments[0].empty() || arguments[0][0] != '/') return object.wrong(key, "must begin with an absolute path");
    return arguments;
}

Result<ForkerRecipe> parse_forker(JsonObject object) {
    ForkerRecipe recipe;
    recipe.arguments = TRY(command(object, "arguments"));
    recipe.environment = TRY(object.string_map("environment"));
    recipe.memory = mebibytes(TRY(object.number_or("memoryMiB", 256, 16, 4096)));
    TRY(object.finish());
    return recipe;
}

Result<CompileRecipe> parse_compile(JsonObject object) {
    CompileRecipe recipe;
    recipe.program = TRY(command(object, "program"));
    recipe.directory = TRY(object.string("directory"));
    if (!is_plain_name(recipe.directory, 64)) return object.wrong("directory", "is not a plain name");
    TRY(object.finish());
    return recipe;
}

Result<std::map<std::string, std::vector<std::string>>> parse_commands(std::vector<JsonObject> objects) {
    std::map<std::string, std::vector<std::string>> commands;
    for (JsonObject& one : objects) {
        const std::string name = TRY(one.string("name"));
        commands[name] = TRY(command(one, "command"));
        TRY(one.finish());
    }
    return commands;
}

Result<SharedMemoryUse> parse_shared_memory(JsonObject object) {
    SharedMemoryUse use;
    for (const auto& [key, from] :
         {std::pair{"eventsFrom", &use.events_from}, std::pair{"resultsFrom", &use.results_from}})
        if (object.has(key)) *from = Bytes {
                TRY(object.number_or(key, 0, 1, 6 << 20))
            };
    TRY(object.finish());
    return use;
}

Result<FunctionRecipe> parse_function(JsonObject object) {
    FunctionRecipe recipe;
    const std::string speaks = TRY(object.string_or("speaks", "frames"));
    if (speaks != "frames" && speaks != "http" && speaks != "runtimeApi")
        return object.wrong("speaks", "must be frames, http or runtimeApi");
    recipe.speaks = speaks == "http" ? Speech::Http : speaks == "runtimeApi" ? Speech::RuntimeApi : Speech::Frames;
    if (recipe.speaks == Speech::Frames) {
        recipe.shim = TRY(command(object, "shim"));
        if (object.has("sharedMemory")) {
            JsonObject memory = TRY(object.object("sharedMemory"));
            recipe.shared_memory = TRY(parse_shared_memory(std::move(memory)));
        }
    } else {
        recipe.command = TRY(command(object, "command"));
        if (object.has("commands")) {
            std::vector<JsonObject> commands = TRY(object.objects("commands"));
            recipe.commands = TRY(parse_commands(std::move(commands)));
        }
    }
    recipe.environment = TRY(object.string_map("environment"));
    if (object.has("compile")) {
        JsonObject compile = TRY(object.object("compile"));
        recipe.compile = TRY(parse_compile(std::move(compile)));
    }
    recipe.prepared = TRY(object.boolean_or("prepared", false));
    TRY(object.finish());
    return recipe;
}

Result<std::vector<std::string>> parse_names(JsonObject& object) {
    std::vector<std::string> names = TRY(object.strings("names"));
    for (const std::string& name : names) {
        if (!is_plain_name(name, 31))
            return object.wrong("names", "has '" + name + "', which is not a name of letters, digits, '.', '_', '-'");
        if (std::count(names.begin(), names.end(), name) > 1) return object.wrong("names", "has '" + name + "' twice");
    }
    return names;
}

/// No identifier may be served by two runtimes: which one a function gets would be a matter of order.
Result<> check_names(const std::vector<Manifest>& manifests) {
    std::map<std::string, std::string> served;
    for (const Manifest& manifest : manifests) {
        for (const std::string& name : manifest.names) {
            const auto [other, is_new] = served.emplace(name, manifest.name);
            if (!is_new)
                return fail(ErrorKind::InvalidArgument,
                            "runtimes: '" + name + "' is in names of both " + other->second + " and " + manifest.name);
        }
    }
    return {};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, const std::string& file) {
    JsonObject object = TRY(JsonObject::parse(text, file));
    Manifest manifest;
    manifest.name = TRY(object.string("name"));
    if (!is_plain_name(manifest.name, 31))
        return object.wrong("name", "is not a name of letters, digits, '.', '_', '-'");
    if (object.has("names")) manifest.names = TRY(parse_names(object));
    manifest.program_file = TRY(object.string("programFile"));
    if (!is_plain_name(manifest.program_file, 64)) return object.wrong("programFile", "is not a plain file name");
    manifest.exec = TRY(command(object, "exec"));
    if (object.has("zygote")) {
        JsonObject forker = TRY(object.object("zygote"));
        manifest.zygote = TRY(parse_forker(std::move(forker)));
    }
    if (object.has("function")) {
        JsonObject function = TRY(object.object("function"));
        manifest.function = TRY(parse_function(std::move(function)));
    }
    if (!manifest.names.empty() && !manifest.function) return object.wrong("names", "needs a function object");
    manifest.environment = TRY(object.string_map("environment"));
    if (object.has("packages")) manifest.packages = TRY(object.strings("packages"));
    for (const std::string& package : manifest.packages)
        if (!is_package_name(package))
            return object.wrong("packages", "has '" + package + "', which is no package's name");
    TRY(object.finish());
    return manifest;
}

Result<std::vector<Manifest>> read_manifests(const std::string& directory) {
    std::vector<Manifest> manifests;
    for (const std::string& name : TRY_IN("runtimes", linux::list_directory(directory))) {
        const std::string file = directory + "/" + name + "/manifest.json";
        if (!linux::exists(file)) continue;
        const std::string text = TRY(linux::read_file(file, kMostFileBytes));
        Manifest manifest = TRY(parse_manifest(text, file));
        if (manifest.name != name)
            return fail(ErrorKind::InvalidArgument,
                        file + ": name is '" + manifest.name + "' in the directory of '" + name + "'");
        manifests.push_back(std::move(manifest));
    }
    if (manifests.empty()) return fail(ErrorKind::NotFound, "there is no runtime manifest below " + directory);
    TRY(check_names(manifests));
    return manifests;
}

}  // namespace hotcell::environment
