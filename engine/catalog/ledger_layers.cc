// Layers. A number is never given twice: the newest version, once deleted, stays behind without code until there is a newer one.
// Whether a layer is public is written in its newest version.
#include "engine/catalog/filing.h"
#include "engine/catalog/ledger_state.h"
#include "engine/catalog/pages.h"
#include "engine/catalog/rules/limits.h"

namespace hotcell::catalog {

namespace {

constexpr char kLayerList = 'l';

bool is_gone(const Layer& layer) { return layer.code.name.empty(); }

/// Versions of one layer, oldest first; the last may be gone.
std::vector<const Layer*> versions_of(const Snapshot& snapshot, const std::string& name) {
    std::vector<const Layer*> all;
    const auto& layers = snapshot.documents().layers;
    for (auto at = layers.lower_bound(place_of_layer(name, 0)); at != layers.end() && at->second.name == name; ++at)
        all.push_back(&at->second);
    return all;
}

Layer shown(const Layer& layer, const Layer& newest) {
    Layer copy = layer;
    copy.is_public = newest.is_public;
    return copy;
}

}  // namespace

Result<Layer> Ledger::publish_layer(Layer layer) {
    TRY(check(layer));
    TRY(check_code(layer.code));
    const std::scoped_lock lock(state_->write_lock);
    const auto now = snapshot();
    const auto before = versions_of(*now, layer.name);
    const auto there =
        static_cast<std::size_t>(std::ranges::count_if(before, [](const Layer* one) { return !is_gone(*one); }));
    if (there >= kVersionsPerLayer)
        return refuse(ErrorKind::Exhausted, "LimitExceededError",
                      "layer " + quoted(layer.name) + " contains too many versions (max: " +
                          std::to_string(kVersionsPerLayer) + ", actual: " + std::to_string(there + 1) + ")");
    layer.version = before.empty() ? 1 : before.back()->version + 1;
    layer.is_public = !before.empty() && before.back()->is_public;
    layer.created_ms = now_ms();
    Layer made = TRY(put(*state_, std::move(layer)));
    if (!before.empty() && is_gone(*before.back())) TRY(remove<Layer>(*state_, place_of(*before.back())));
    return made;
}

Result<Layer> Ledger::layer(const std::string& name, std::uint32_t version) const {
    const auto now = snapshot();
    const auto all = versions_of(*now, name);
    for (const Layer* one : all)
        if (one->version == version && !is_gone(*one)) return shown(*one, *all.back());
    return no_layer_version(name, version);
}

Result<> Ledger::delete_layer(const std::string& name, std::uint32_t version) {
    const std::scoped_lock lock(state_->write_lock);
    const Layer found = TRY(layer(name, version));
    const auto now = snapshot();
    if (versions_of(*now, name).back()->version == version) {
        Layer gone;
        gone.name = name;
        gone.version = version;
        gone.is_public = found.is_public;
        TRY(put(*state_, std::move(gone)));
    } else {
        TRY(remove<Layer>(*state_, place_of(found)));
    }
    state_->release(found.code);
    return {};
}

Result<> Ledger::set_layer_public(const std::string& name, bool is_public) {
    const std::scoped_lock lock(state_->write_lock);
    const auto now = snapshot();
    const auto all = versions_of(*now, name);
    if (std::ranges::all_of(all, [](const Layer* one) { return is_gone(*one); })) return no_layer(name);
    Layer newest = *all.back();
    newest.is_public = is_public;
    TRY(put(*state_, std::move(newest)));
    return {};
}

Result<Page<Layer>> Ledger::layers(const PageRequest& request) const {
    TRY(check(request));
    const std::string from = TRY(first_of(kLayerList, request));
    const auto now = snapshot();
    const auto& all = now->documents().layers;
    Page<Layer> page;
    for (auto at = all.lower_bound(place_of_layer(from, 0)); at != all.end();) {
        const std::string& name = at->second.name;
        if (!name.starts_with(request.prefix)) break;
        const auto versions = versions_of(*now, name);
        at = all.upper_bound(place_of(*versions.back()));
        const auto newest =
            std::find_if(versions.rbegin(), versions.rend(), [](const Layer* one) { return !is_gone(*one); });
        if (newest == versions.rend()) continue;
        if (page.items.size() == request.limit) {
            page.next_token = make_token(kLayerList, (*newest)->name);
            break;
        }
        page.items.push_back(shown(**newest, *versions.back()));
    }
    return page;
}

Result<Page<Layer>> Ledger::layer_versions(const std::string& name, std::uint32_t start_version,
                                           std::uint32_t limit) const {
    TRY(check_limit(limit));
    const auto now = snapshot();
    const auto all = versions_of(*now, name);
    Page<Layer> page;
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
        if (is_gone(**at) || (start_version != 0 && (*at)->version > start_version)) continue;
        if (page.items.size() == limit) {
            page.next_token = std::to_string((*at)->version);
            break;
        }
        page.items.push_back(shown(**at, *all.back()));
    }
    return page;
}

}  // namespace hotcell::catalog
