#include "engine/environment/code/code_check.h"

#include <utility>

namespace hotcell::environment {

void CodeCheck::when_sound(const std::string& name, OnSound done) {
    if (store_.is_sound(name)) return done({});
    auto& waiting = waiting_[name];
    waiting.push_back(std::move(done));
    if (waiting.size() > 1) return;
    disk_.post([this, name] {
        reactor_.post([this, name, sound = store_.verify(name)] {
            for (const OnSound& one : std::exchange(waiting_[name], {})) one(sound);
            if (const auto left = waiting_.find(name); left != waiting_.end() && left->second.empty())
                waiting_.erase(left);
        });
    });
}

}  // namespace hotcell::environment
