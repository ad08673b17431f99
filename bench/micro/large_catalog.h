// A catalog as large as one is promised to be: made of rows at once, for publishing each version by itself takes a sync each.
#pragma once

#include <string>

namespace hotcell::bench {

struct CatalogSize {
    int services;
    int functions;  // of each service
    int versions;   // of each service; each has all its functions
};
inline constexpr CatalogSize kSmall{1, 1, 1};
inline constexpr CatalogSize kLarge{200, 50, 500};  // 10,000 functions, 100,000 versions

/// Adds services "load-1" … with functions "f-1" … to the catalog at `path`, which must not be open anywhere. Throws
/// std::runtime_error.
void fill_catalog(const std::string& path, const CatalogSize& size);

}  // namespace hotcell::bench
