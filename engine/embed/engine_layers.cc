// The public Catalog's layers: published like packages of functions, merged when a function that names them is deployed.
#include "engine/base/result.h"
#include "engine/catalog/missing.h"
#include "engine/embed/engine_catalog.h"
#include "engine/environment/code/layer_merge.h"
#include "engine/environment/runtime/documents.h"

namespace hotcell::embed {

namespace {

std::string arn_prefix() {
    return "acs:fc:" + std::string(environment::kRegion) + ":" + std::string(environment::kAccount) + ":layers/";
}

Layer with_arn(Layer layer) {
    layer.arn = arn_prefix() + layer.name + "/versions/" + std::to_string(layer.version);
    return layer;
}

Result<Layer> with_arn(Result<Layer> layer) {
    if (layer) *layer = with_arn(std::move(*layer));
    return layer;
}

Result<Page<Layer>> with_arns(Result<Page<Layer>> page) {
    if (page)
        for (Layer& layer : page->items) layer = with_arn(std::move(layer));
    return page;
}

std::unexpected<Error> no_such_arn(const std::string& arn) {
    return catalog::refuse(ErrorKind::NotFound, "LayerVersionNotFound",
                           "layer " + catalog::quoted(arn) + " does not exist: layers of this engine are " +
                               arn_prefix() + "NAME/versions/NUMBER");
}

}  // namespace

Result<Layer> EngineCatalog::publish_layer(Layer layer, std::string zip) {
    TRY(catalog::check(layer));
    // byte code for the first runtime of those it is for that makes some
    const std::string runtime = layer.compatible_runtimes.empty() ? "custom" : layer.compatible_runtimes.front();
    const CodeIdentity code = TRY(keep_package(std::move(zip), runtime, layer.code.checksum));
    layer.code = code;
    auto published = parts_.ledger.publish_layer(std::move(layer));
    if (!published) release(code);
    return with_arn(std::move(published));
}

Result<Layer> EngineCatalog::get_layer(const std::string& name, std::uint32_t version) const {
    return with_arn(parts_.ledger.layer(name, version));
}

Result<Layer> EngineCatalog::layer_of(const std::string& arn) const {
    const std::string prefix = arn_prefix();
    const auto at = arn.rfind("/versions/");
    if (!arn.starts_with(prefix) || at == std::string::npos || at < prefix.size()) return no_such_arn(arn);
    const std::string digits = arn.substr(at + 10);
    if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos)
        return no_such_arn(arn);
    return with_arn(parts_.ledger.layer(arn.substr(prefix.size(), at - prefix.size()),
                                        static_cast<std::uint32_t>(std::stoul(digits))));
}

Result<Layer> EngineCatalog::get_layer(const std::string& arn) const { return layer_of(arn); }

Result<std::string> EngineCatalog::get_layer_code(const std::string& name, std::uint32_t version) const {
    return parts_.packages.read(TRY(parts_.ledger.layer(name, version)).code.package);
}

Result<> EngineCatalog::delete_layer(const std::string& name, std::uint32_t version) {
    return parts_.ledger.delete_layer(name, version);
}

Result<> EngineCatalog::set_layer_public(const std::string& name, bool is_public) {
    return parts_.ledger.set_layer_public(name, is_public);
}

Result<Page<Layer>> EngineCatalog::list_layers(const PageRequest& page) const {
    return with_arns(parts_.ledger.layers(page));
}

Result<Page<Layer>> EngineCatalog::list_layer_versions(const std::string& name, std::uint32_t start_version,
                                                       std::uint32_t limit) const {
    return with_arns(parts_.ledger.layer_versions(name, start_version, limit));
}

Result<std::string> EngineCatalog::merge(const std::vector<std::string>& arns) {
    if (arns.empty()) return std::string();
    std::vector<std::string> trees;
    const auto let_go = [&] {
        for (const std::string& tree : trees) parts_.store.release(tree);
    };
    for (const std::string& arn : arns) {
        auto layer = layer_of(arn);
        if (!layer) return let_go(), std::unexpected(std::move(layer).error());
        (void)parts_.store.hold(layer->code.name);  // it may be deleted meanwhile
        trees.push_back(layer->code.name);
    }
    auto merged = environment::merge_layers(parts_.store, trees);
    let_go();
    return merged;
}

}  // namespace hotcell::embed
