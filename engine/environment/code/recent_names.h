// The names of programs that came lately, so that sending the same program again costs a comparison and not a hash:
// comparing runs at the speed of memory, SHA-256 at half a millisecond a megabyte.
//
// Threads: all methods, any thread.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>

namespace hotcell::environment {

class RecentNames {
public:
    /// CodeStore::name_of(file, bytes).
    std::string name_of(std::string_view file, std::string_view bytes);

private:
    struct Known {
        std::string file;
        std::string bytes;
        std::string name;
    };
    static constexpr std::size_t kMost = 8;
    static constexpr std::size_t kLargest = 4 << 20;  // a larger program is hashed each time

    std::mutex mutex_;
    std::list<Known> known_;  // latest first
};

}  // namespace hotcell::environment
