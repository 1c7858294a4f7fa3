// The tables behind schema(), one function a file so that each stays readable. Only schema.cpp includes this.
#pragma once

#include <vector>

#include "config/schema.h"

namespace tlaunch {

std::vector<SchemaKey> run_keys();    // top level, model, data, train
std::vector<SchemaKey> about_keys();  // eval, gpu, checkpoint, log, launch

}  // namespace tlaunch

// The binding of a key to its member.
#define TLAUNCH_FIELD(member) [](RunConfig& c) -> ConfigField { return &c.member; }
