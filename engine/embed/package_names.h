// Which tree a package was unpacked to, so that deploying the same bytes again unpacks nothing; and one unpacking at a time of
// the same bytes. Threads: any.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace hotcell::embed {

class PackageNames {
public:
    explicit PackageNames(std::size_t most) : most_(most) {}

    /// The tree's name, or nothing: then the caller unpacks and says end(), and whoever else asks for `package` waits for that.
    std::optional<std::string> begin(const std::string& package) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !under_way_.contains(package); });
        const auto known = names_.find(package);
        if (known != names_.end()) return known->second;
        under_way_.insert(package);
        return std::nullopt;
    }
    /// `tree` is empty when it failed.
    void end(const std::string& package, const std::string& tree) {
        const std::scoped_lock lock(mutex_);
        under_way_.erase(package);
        if (!tree.empty() && names_.insert_or_assign(package, tree).second) {
            by_age_.push_back(package);
            if (by_age_.size() > most_) {
                names_.erase(by_age_.front());
                by_age_.pop_front();
            }
        }
        changed_.notify_all();
    }
    /// The tree is not in the store any more.
    void forget(const std::string& package) {
        const std::scoped_lock lock(mutex_);
        if (names_.erase(package) > 0) by_age_.remove(package);
    }

private:
    const std::size_t most_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::unordered_map<std::string, std::string> names_;
    std::list<std::string> by_age_;
    std::unordered_set<std::string> under_way_;
};

}  // namespace hotcell::embed
