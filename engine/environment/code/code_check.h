// Code is looked at once in an engine's life before anything is started with it: off the reactor's thread, once for all who ask.
//
// Threads: the reactor's.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/environment/code/code_store.h"
#include "engine/environment/reactor/reactor.h"

namespace hotcell::environment {

class CodeCheck {
public:
    using OnSound = std::function<void(Result<>)>;

    /// `disk` is the thread that waits for the disk.
    CodeCheck(Reactor& reactor, Reactor& disk, CodeStore& store) : reactor_(reactor), disk_(disk), store_(store) {}

    /// Calls `done` once: before this returns when the code has been found sound already, else later. An error is
    /// CodeStore::verify()'s, and the code is looked at again when it is next asked for.
    void when_sound(const std::string& name, OnSound done);

private:
    Reactor& reactor_;
    Reactor& disk_;
    CodeStore& store_;
    std::unordered_map<std::string, std::vector<OnSound>> waiting_;
};

}  // namespace hotcell::environment
