#include "engine/environment/runtime/warden_config.h"

#include <cstring>
#include <functional>

namespace hotcell::environment {

namespace {

// Ranges of 65536 ids, far above what hosts give to people and services: 16 domains of 512 slots. Engines side by side
// mostly get different ones of four parts.
constexpr std::uint32_t kIdBase = 0x30000000;
constexpr std::uint32_t kIdPart = 0x21000000;
constexpr std::uint32_t kDomainRanges = 512;
constexpr std::uint32_t kIdRanges = 16 * (kDomainRanges + 1);

template <std::size_t size>
Result<> copy(char (&to)[size], const std::string& text, const char* what) {
    if (text.size() >= size)
        return fail(ErrorKind::InvalidArgument,
                    std::string(what) + " '" + text + "' is longer than " + std::to_string(size - 1) + " bytes");
    std::memcpy(to, text.c_str(), text.size() + 1);
    return {};
}

Result<> fill_recipe(protocol::RuntimeRecipe& recipe, const Manifest& manifest) {
    TRY(copy(recipe.name, manifest.name, "the runtime's name"));
    if (!manifest.zygote) {
        recipe.forker_memory_bytes = 32 << 20;  // of a domain with nothing but its pid 1
        return {};
    }
    const ForkerRecipe& forker = *manifest.zygote;
    recipe.has_forker = 1;
    recipe.forker_memory_bytes = forker.memory.count;
    if (forker.arguments.size() > protocol::kMostArguments || forker.environment.size() > protocol::kMostArguments)
        return fail(ErrorKind::InvalidArgument, "the forker of " + manifest.name + " has more than " +
                                                    std::to_string(protocol::kMostArguments) +
                                                    " arguments or variables");
    for (const std::string& argument : forker.arguments)
        TRY(copy(recipe.arguments[recipe.argument_count++], argument, "the forker's argument"));
    for (const auto& [name, value] : forker.environment)
        TRY(copy(recipe.environment[recipe.environment_count++], name + "=" + value, "the forker's variable"));
    return {};
}

}  // namespace

Result<std::unique_ptr<protocol::WardenConfig>> make_warden_config(const WardenPlaces& places,
                                                                   const std::vector<Manifest>& manifests,
                                                                   const std::vector<RootEntry>& root) {
    auto config = std::make_unique<protocol::WardenConfig>();
    std::memset(static_cast<void*>(config.get()), 0, sizeof *config);
    config->version = protocol::kWardenConfigVersion;
    config->id_base = kIdBase + static_cast<std::uint32_t>(std::hash<std::string>{}(places.instance) % 4) * kIdPart;
    config->id_ranges = kIdRanges;
    config->domain_ranges = kDomainRanges;
    config->front_uid = places.front_uid;
    config->front_gid = places.front_gid;
    config->require_landlock = places.require_landlock;
    TRY(copy(config->instance, places.instance, "the instance"));
    TRY(copy(config->run_dir, places.run_dir, "the run directory"));
    TRY(copy(config->store_dir, places.store_dir, "the store"));
    TRY(copy(config->init_path, places.init_path, "the path of hotcell-init"));
    if (manifests.size() > protocol::kMostRuntimes)
        return fail(ErrorKind::InvalidArgument,
                    "there are more than " + std::to_string(protocol::kMostRuntimes) + " runtimes");
    if (root.size() > protocol::kMostBinds)
        return fail(ErrorKind::InvalidArgument,
                    "the root tree has more than " + std::to_string(protocol::kMostBinds) + " entries");
    for (const Manifest& manifest : manifests) TRY(fill_recipe(config->runtimes[config->runtime_count++], manifest));
    for (const RootEntry& entry : root) {
        protocol::Bind& bind = config->binds[config->bind_count++];
        TRY(copy(bind.source, entry.source, "the root tree's source"));
        TRY(copy(bind.target, entry.target, "the root tree's place"));
        bind.link = entry.link ? 1 : 0;
        bind.optional = entry.optional ? 1 : 0;
        bind.runtimes = entry.runtimes;
    }
    return config;
}

}  // namespace hotcell::environment
