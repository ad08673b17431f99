// Engine::prepare: the part of opening an engine that needs root, up to the helper's hello.
#include <cerrno>

#include "engine/base/result.h"
#include "engine/dispatch/validate.h"
#include "engine/embed/places.h"
#include "engine/embed/prepared_state.h"
#include "engine/environment/code/code_store.h"
#include "engine/environment/code/package_store.h"
#include "engine/environment/code/sha256.h"
#include "engine/environment/http/connection_budget.h"
#include "engine/environment/runtime/warden_config.h"
#include "engine/linux/files/files.h"
#include "engine/linux/process/spawn.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell {

namespace {

constexpr int kHelloPatienceMs = 30'000;
constexpr int kEndPatienceMs = 10'000;

/// What all sandboxes at once need: a reply of the builder whose descriptors find no room would end the engine.
std::uint64_t descriptors_for(const EngineOptions& options, std::size_t runtimes) {
    constexpr std::uint64_t kOfASlot = 16;
    constexpr std::uint64_t kOwn = 256;  // the engine's and, with some room, the host program's
    return kOwn + kOfASlot * (options.concurrent_runs + std::uint64_t{options.pooled_slots} * 2 * runtimes);
}

Result<> make_directories(const EngineOptions& options) {
    for (const std::string& directory : {options.state_dir, options.run_dir}) {
        TRY(linux::make_directories(directory, 0755));
        TRY(linux::set_owner(directory, options.front_uid, options.front_gid));
    }
    return {};
}

/// Stable over restarts, so that a new life finds the control groups of an old one.
std::string instance_of(const std::string& run_dir) {
    environment::Sha256 hash;
    hash.add(run_dir);
    return hash.hex().substr(0, 12);
}

}  // namespace

PreparedEngine::State::~State() {
    builder.reset();
    warden.reset();
    (void)helper.wait(kEndPatienceMs);
}

namespace {

Result<linux::UniqueFd> seal_config(const EngineOptions& options, const std::string& instance,
                                    const std::vector<environment::Manifest>& manifests) {
    const auto root = TRY(environment::read_root_entries(
        {embed::rootfs_directory(options), options.shims_dir, options.images_dir}, manifests));
    environment::WardenPlaces places;
    places.instance = instance;
    places.run_dir = options.run_dir;
    places.store_dir = environment::CodeStore::code_directory(options.state_dir);
    places.init_path = options.libexec_dir + "/hotcell-init";
    places.front_uid = options.front_uid;
    places.front_gid = options.front_gid;
    places.require_landlock = options.require_landlock;
    const auto config = TRY(environment::make_warden_config(places, manifests, root));
    return linux::seal_bytes("hotcell-config", {reinterpret_cast<const char*>(config.get()), sizeof *config});
}

Result<protocol::Hello> wait_for_hello(int builder) {
    protocol::Hello hello{};
    if (!linux::wait_readable(builder, kHelloPatienceMs))
        return fail(ErrorKind::TimedOut, "hotcell-warden has not come up within 30 s");
    const linux::Received received = linux::receive_message(builder, &hello, sizeof hello);
    if (received.size != static_cast<long>(sizeof hello))
        return fail(ErrorKind::Broken, "hotcell-warden ended before it was up", "its standard error may say why");
    hello.text[sizeof hello.text - 1] = '\0';
    hello.cgroup_driver[sizeof hello.cgroup_driver - 1] = '\0';
    if (hello.failed != 0) return fail(ErrorKind::Kernel, std::string("hotcell-warden: ") + hello.text);
    return hello;
}

/// A runtime whose interpreter is not on this machine: nothing could be started, and nothing should wait for it.
void leave_out_what_is_not_installed(std::vector<environment::Manifest>& manifests,
                                     const std::function<void(std::string_view line)>& log) {
    std::erase_if(manifests, [&](const environment::Manifest& manifest) {
        if (!manifest.function || manifest.function->shim.empty() ||
            linux::exists(manifest.image + manifest.function->shim[0]))
            return false;
        if (log)
            log("runtime " + manifest.name + " is left out: " + manifest.function->shim[0] +
                " is not installed here; hotcell runtime install " + manifest.name + " builds a root image with it");
        return true;
    });
}

}  // namespace

Result<PreparedEngine> Engine::prepare(EngineOptions options) {
    TRY(dispatch::validate(options));
    if (!linux::is_root())
        return fail_errno(EPERM, "prepare the engine",
                          "only root can build sandboxes; the daemon gives it up afterwards");
    TRY(embed::fill_in_places(options));
    auto state = std::make_unique<PreparedEngine::State>();
    state->manifests = TRY(environment::read_manifests(options.runtimes_dir));
    TRY(environment::find_images(options.images_dir, state->manifests));
    leave_out_what_is_not_installed(state->manifests, options.log);
    state->extra_connections = static_cast<std::uint32_t>(TRY(linux::allow_descriptors(
        descriptors_for(options, state->manifests.size()), environment::kMostExtraConnections)));
    TRY(make_directories(options));
    state->lock = TRY(linux::lock_file(options.run_dir + "/lock"));
    TRY(environment::CodeStore::prepare(options.state_dir, options.front_uid, options.front_gid));
    TRY(environment::PackageStore::prepare(options.state_dir, options.front_uid, options.front_gid));
    state->instance = instance_of(options.run_dir);

    const linux::UniqueFd config = TRY(seal_config(options, state->instance, state->manifests));
    linux::SocketPair warden = TRY(linux::make_message_pair());
    linux::SocketPair builder = TRY(linux::make_message_pair());
    linux::SpawnRequest request;
    request.program = options.libexec_dir + "/hotcell-warden";
    request.descriptors = {{config.get(), protocol::kWardenConfigFd},
                           {warden.theirs.get(), protocol::kFrontWardenFd},
                           {builder.theirs.get(), protocol::kFrontBuilderFd}};
    state->helper = TRY(linux::spawn(request));
    warden.theirs.reset();
    builder.theirs.reset();
    state->warden = std::move(warden.ours);
    state->builder = std::move(builder.ours);
    state->hello = TRY(wait_for_hello(state->builder.get()));
    state->options = std::move(options);
    if (state->options.log && state->hello.text[0] != '\0') state->options.log(state->hello.text);
    if (state->options.log && state->hello.swept > 0)
        state->options.log("swept " + std::to_string(state->hello.swept) + " control groups of an earlier life");
    return PreparedEngine(std::move(state));
}

PreparedEngine::PreparedEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
PreparedEngine::PreparedEngine(PreparedEngine&&) noexcept = default;
PreparedEngine& PreparedEngine::operator=(PreparedEngine&&) noexcept = default;
PreparedEngine::~PreparedEngine() = default;

}  // namespace hotcell
