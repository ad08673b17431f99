// The parts of a description that do not change while an engine lives.
#pragma once

#include "engine/protocol/front_builder.h"
#include "hotcell/engine.h"

namespace hotcell::embed {

EngineDescription describe_host(const protocol::Hello& hello);

}  // namespace hotcell::embed
