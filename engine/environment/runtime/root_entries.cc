#include "engine/environment/runtime/root_entries.h"

#include <algorithm>

#include "engine/environment/runtime/strict_json.h"
#include "engine/linux/files/files.h"

namespace hotcell::environment {

namespace {

constexpr std::size_t kMostFileBytes = 64 << 10;
constexpr std::string_view kImage = "$image/";

Result<std::vector<RootEntry>> read_recipe(const RootPlaces& places, const char* name, const std::string& image) {
    const std::string file = places.recipes + "/" + name;
    const std::string text = TRY_IN("root tree", linux::read_file(file, kMostFileBytes));
    return parse_root_entries(text, file, places, image);
}

Result<std::string> read_source(JsonObject& object, const RootPlaces& places, const std::string& image) {
    const std::string source = TRY(object.string("show"));
    if (source == "$shims") return places.shims;
    if (source.starts_with(kImage)) {
        if (image.empty()) return object.wrong("show", "names an image, but this is not the recipe of one");
        return image + "/" + source.substr(kImage.size());
    }
    return source[0] == '/' ? source : places.recipes + "/" + source;
}

/// Adds `more` for the runtimes in `mask`.
void merge(std::vector<RootEntry>& entries, std::vector<RootEntry> more, std::uint32_t mask) {
    for (RootEntry& entry : more) {
        const auto same = std::ranges::find_if(entries, [&](const RootEntry& one) {
            return one.source == entry.source && one.target == entry.target && one.link == entry.link;
        });
        if (same != entries.end()) {
            same->runtimes |= mask;
            continue;
        }
        entry.runtimes = mask;
        entries.push_back(std::move(entry));
    }
}

}  // namespace

Result<std::vector<RootEntry>> parse_root_entries(std::string_view text, const std::string& file,
                                                  const RootPlaces& places, const std::string& image) {
    JsonObject object = TRY(JsonObject::parse(text, file));
    std::vector<RootEntry> entries;
    for (JsonObject& one : TRY(object.objects("entries"))) {
        RootEntry entry;
        entry.link = one.has("link");
        const std::string said = TRY(one.string(entry.link ? "link" : "show"));
        entry.source = entry.link ? said : TRY(read_source(one, places, image));
        entry.optional = TRY(one.boolean_or("optional", false));
        const bool same_place = !entry.link && said[0] == '/';
        std::string at = same_place                                ? said.substr(1)
                         : !entry.link && said.starts_with(kImage) ? said.substr(kImage.size())
                                                                   : std::string();
        entry.target = at.empty() ? TRY(one.string("at")) : TRY(one.string_or("at", at));
        if (entry.target.empty() || entry.target[0] == '/' ||
            ("/" + entry.target + "/").find("/../") != std::string::npos)
            return one.wrong("at", "must be a place below the root, without a leading slash");
        TRY(one.finish());
        entries.push_back(std::move(entry));
    }
    TRY(object.finish());
    return entries;
}

Result<> find_images(const std::string& images, std::vector<Manifest>& manifests) {
    if (!linux::exists(images)) return {};
    TRY_IN("root images", linux::check_only_root_writes(images));
    for (Manifest& manifest : manifests) {
        const std::string image = images + "/" + manifest.name;
        if (!linux::exists(image + "/image.json")) continue;
        TRY_IN("root images", linux::check_only_root_writes(image));
        manifest.image = image;
    }
    return {};
}

Result<std::vector<RootEntry>> read_root_entries(const RootPlaces& places, const std::vector<Manifest>& manifests) {
    std::vector<RootEntry> entries;
    std::uint32_t on_host = 0;
    for (std::size_t i = 0; i < manifests.size(); ++i)
        if (manifests[i].image.empty()) on_host |= 1u << i;
    if (on_host != 0) merge(entries, TRY(read_recipe(places, "host.json", {})), on_host);
    for (std::size_t i = 0; i < manifests.size(); ++i)
        if (!manifests[i].image.empty())
            merge(entries, TRY(read_recipe(places, "image.json", manifests[i].image)), 1u << i);
    return entries;
}

}  // namespace hotcell::environment
