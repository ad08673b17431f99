// One page of a sorted list, and the token that leads to the next one. Pure.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/catalog/rules/rules.h"
#include "engine/catalog/snapshot.h"
#include "hotcell/catalog.h"

namespace hotcell::catalog {

/// A token holds the kind of list and the first name of the next page; nobody else needs to know that.
std::string make_token(char kind, std::string_view name);
/// The name in a token of this kind; nothing for any other text.
std::optional<std::string> read_token(char kind, std::string_view token);

/// The first name that may be on the page; the token must be of this kind of list.
Result<std::string> first_of(char kind, const PageRequest& request);

/// The items that `request`, which has been checked, asks for; `pick` makes the page's item of the list's one.
template <class Item, class Listed, class Pick>
Result<Page<Item>> page_of(char kind, std::span<const std::shared_ptr<const Listed>> sorted, const PageRequest& request,
                           Pick pick) {
    const std::string from = TRY(first_of(kind, request));
    auto at =
        std::partition_point(sorted.begin(), sorted.end(), [&](const auto& item) { return name_of(*item) < from; });
    Page<Item> page;
    for (; at != sorted.end() && name_of(**at).starts_with(request.prefix); ++at) {
        if (page.items.size() == request.limit) {
            page.next_token = make_token(kind, name_of(**at));
            break;
        }
        page.items.push_back(pick(**at));
    }
    return page;
}

}  // namespace hotcell::catalog
