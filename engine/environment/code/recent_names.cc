#include "engine/environment/code/recent_names.h"

#include "engine/environment/code/code_store.h"

namespace hotcell::environment {

std::string RecentNames::name_of(std::string_view file, std::string_view bytes) {
    {
        const std::scoped_lock lock(mutex_);
        for (auto at = known_.begin(); at != known_.end(); ++at) {
            if (at->bytes.size() != bytes.size() || at->file != file || at->bytes != bytes) continue;
            known_.splice(known_.begin(), known_, at);
            return at->name;
        }
    }
    std::string name = CodeStore::name_of(file, bytes);
    if (bytes.size() > kLargest) return name;
    const std::scoped_lock lock(mutex_);
    known_.push_front({std::string(file), std::string(bytes), name});
    if (known_.size() > kMost) known_.pop_back();
    return name;
}

}  // namespace hotcell::environment
