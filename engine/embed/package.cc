// A package from zip to stored tree: unpacked by hotcell-unpack in a slot, read and staged on the caller's thread.
#include <condition_variable>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/embed/engine_state.h"
#include "engine/environment/code/sha256.h"
#include "engine/environment/code/staged_tree.h"
#include "engine/environment/code/unpacked_stream.h"
#include "engine/linux/sockets/sockets.h"

namespace hotcell {

namespace {

constexpr const char* kRuntime = "custom";
constexpr const char* kUnpack = "/hotcell/native/hotcell-unpack";
constexpr Bytes kMemory = mebibytes(256);
constexpr Millis kTimeout{60'000};

/// One run of the unpacker as the waiting thread sees it.
struct Unpacking {
    std::mutex mutex;
    std::condition_variable changed;
    linux::UniqueFd output;
    std::optional<Result<RunReport>> report;

    void give(linux::UniqueFd fd) {
        const std::scoped_lock lock(mutex);
        output = std::move(fd);
        changed.notify_all();
    }
    void end(Result<RunReport> result) {
        const std::scoped_lock lock(mutex);
        report = std::move(result);
        changed.notify_all();
    }
    linux::UniqueFd wait_output() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return output || report; });
        return std::move(output);
    }
    Result<RunReport> wait_report() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return report.has_value(); });
        return std::move(*report);
    }
};

/// Reads the stream until it ends; the slot's end, at its deadline at the latest, ends it too.
Result<> read_stream(int fd, environment::UnpackedStream& stream) {
    std::vector<char> piece(256 << 10);
    for (;;) {
        if (!linux::wait_readable(fd, -1)) continue;
        const long n = linux::read_some(fd, piece.data(), piece.size());
        if (n == -EAGAIN) continue;
        if (n <= 0) return {};
        TRY(stream.add({piece.data(), static_cast<std::size_t>(n)}));
    }
}

Error refusal(const RunReport& report) {
    std::string words = report.log.substr(0, report.log.find('\n'));
    if (report.outcome == RunOutcome::TimedOut) words = "code: the package took longer than 60 s to unpack";
    if (report.outcome == RunOutcome::OutOfMemory) words = "code: the package needs too much memory to unpack";
    if (words.empty()) words = "code: the package could not be unpacked";
    return Error{ErrorKind::InvalidArgument, 0, std::move(words), {}, "InvalidArgument"};
}

}  // namespace

Result<std::string> Engine::State::store_package(std::string zip) {
    environment::Sha256 hash;
    hash.add(zip);
    const std::string package = hash.hex();
    while (const auto known = package_names.begin(package)) {
        if (store.hold(*known) || store.verify(*known)) return *known;
        store.release(*known);
        package_names.forget(package);
    }
    auto name = unpack(std::move(zip));
    package_names.end(package, name ? *name : std::string());
    return name;
}

Result<std::string> Engine::State::unpack(std::string zip) {
    auto tree = TRY(environment::StagedTree::make(store.stage()));
    const auto unpacking = std::make_shared<Unpacking>();
    auto call = std::make_shared<dispatch::Call>();
    call->request.runtime = kRuntime;
    call->request.start = StartKind::Exec;
    call->request.event = std::move(zip);
    call->request.limits.memory = kMemory;
    call->request.limits.tmp = prepared.options.tmp_size;
    call->request.limits.timeout = kTimeout;
    call->request.limits.log = kibibytes(4);
    call->tool = {kUnpack};
    call->accepted_ns = monotonic_ns();
    call->give_output = [unpacking](linux::UniqueFd fd) { unpacking->give(std::move(fd)); };
    call->done = [unpacking](Result<RunReport> report) { unpacking->end(std::move(report)); };
    if (!post([this, call] { dispatcher->run(std::move(*call)); }))
        return fail(ErrorKind::Exhausted, "the engine is draining: no new calls");

    environment::UnpackedStream stream(tree);
    Result<> read;
    if (linux::UniqueFd output = unpacking->wait_output()) read = read_stream(output.get(), stream);
    // its descriptor is closed by now: an unpacker with more to say ends
    const RunReport report = TRY(unpacking->wait_report());
    TRY(read);
    if (report.outcome != RunOutcome::Exited || report.code != 0) return std::unexpected(refusal(report));
    TRY(stream.finish());
    const std::string name = TRY(tree.finish());
    (void)store.hold(name);
    if (auto stored = store.store_tree(name, tree.path()); !stored) {
        store.release(name);
        return std::unexpected(std::move(stored).error());
    }
    return name;
}

}  // namespace hotcell
