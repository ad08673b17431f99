// A package from zip to stored tree: unpacked by hotcell-unpack in a slot, its byte code made by the runtime's compiler in another
// at the same time, both read and staged on the caller's thread.
#include <algorithm>

#include "engine/base/result.h"
#include "engine/embed/engine_state.h"
#include "engine/embed/slot_tool.h"
#include "engine/environment/code/added_files.h"
#include "engine/environment/code/sha256.h"
#include "engine/environment/code/staged_tree.h"
#include "engine/environment/code/unpacked_stream.h"

namespace hotcell {

using embed::SlotTool;
using environment::Manifest;
using environment::StagedTree;

namespace {

constexpr const char* kUnpackRuntime = "custom";
constexpr const char* kUnpack = "/hotcell/native/hotcell-unpack";
constexpr Bytes kMemory = mebibytes(256);
constexpr Millis kUnpackTimeout{60'000};
constexpr Millis kCompileTimeout{20'000};

Error refusal(const RunReport& report) {
    std::string words = report.log.substr(0, report.log.find('\n'));
    if (report.outcome == RunOutcome::TimedOut) words = "code: the package took longer than 60 s to unpack";
    if (report.outcome == RunOutcome::OutOfMemory) words = "code: the package needs too much memory to unpack";
    if (words.empty()) words = "code: the package could not be unpacked";
    return Error{ErrorKind::InvalidArgument, 0, std::move(words), {}, "InvalidArgument"};
}

Result<> unpack_into(StagedTree& tree, SlotTool& tool) {
    environment::UnpackedStream stream(tree);
    const auto read = tool.read(stream);
    const RunReport report = TRY(tool.report());
    TRY(read);
    if (report.outcome != RunOutcome::Exited || report.code != 0) return std::unexpected(refusal(report));
    TRY(stream.finish());
    return tree.make_links();
}

/// An error says why some files, or all, are without byte code; the tree is sound all the same.
Result<> compile_into(StagedTree& tree, SlotTool& tool, const std::string& directory) {
    environment::AddedFiles files(tree, directory);
    environment::UnpackedStream stream(files);
    const auto read = tool.read(stream);
    const RunReport report = TRY(tool.report());
    TRY(read);
    TRY(stream.finish());
    files.finish();
    if (report.outcome != RunOutcome::Exited || report.code != 0)
        return fail(ErrorKind::Broken, "the compiler failed: " + report.log.substr(0, report.log.find('\n')));
    return {};
}

}  // namespace

const Manifest* Engine::State::compiler_of(const std::string& runtime) const {
    for (const Manifest& one : prepared.manifests)
        if (one.function && one.function->compile && std::ranges::find(one.names, runtime) != one.names.end())
            return &one;
    return nullptr;
}

Result<std::string> Engine::State::store_package(std::string zip, const std::string& runtime) {
    const Manifest* const compiler = compiler_of(runtime);
    environment::Sha256 hash;
    if (compiler != nullptr) hash.add(compiler->name);
    hash.add(std::string_view("\0", 1));
    hash.add(zip);
    const std::string package = hash.hex();
    while (const auto known = package_names.begin(package)) {
        if (store.hold(*known) || store.verify(*known)) return *known;
        store.release(*known);
        package_names.forget(package);
    }
    auto name = make_tree(std::move(zip), compiler);
    package_names.end(package, name ? *name : std::string());
    return name;
}

Result<std::string> Engine::State::make_tree(std::string zip, const Manifest* compiler) {
    StagedTree tree = TRY(StagedTree::make(store.stage()));
    const auto post_call = [this](std::shared_ptr<dispatch::Call> call) {
        return post([this, call = std::move(call)] { dispatcher->run(std::move(*call)); });
    };
    const Bytes tmp = prepared.options.tmp_size;
    Result<SlotTool> compiling = fail(ErrorKind::NotFound, "this runtime compiles nothing");
    if (compiler != nullptr)
        compiling = SlotTool::start(
            {compiler->name, compiler->function->compile->program, zip, kMemory, tmp, kCompileTimeout}, post_call);
    auto unpacking =
        TRY(SlotTool::start({kUnpackRuntime, {kUnpack}, std::move(zip), kMemory, tmp, kUnpackTimeout}, post_call));
    const auto unpacked = unpack_into(tree, unpacking);
    if (compiling && !unpacked) (void)compiling->report();  // nothing outlives this call
    TRY(unpacked);
    if (compiling) {
        const auto compiled = compile_into(tree, *compiling, compiler->function->compile->directory);
        if (!compiled && prepared.options.log)
            prepared.options.log("a package has been deployed without all of its byte code, and starts slower: " +
                                 compiled.error().message());
    }
    const std::string name = TRY(tree.finish());
    (void)store.hold(name);
    if (auto stored = store.store_tree(name, tree.path()); !stored) {
        store.release(name);
        return std::unexpected(std::move(stored).error());
    }
    return name;
}

}  // namespace hotcell
