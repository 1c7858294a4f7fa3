// The plan for people: one line per choice, with its origin and reason. Pure.
#pragma once

#include <string>

#include "contract/plan.h"

namespace tlaunch {

std::string plan_table(const Plan& plan);

}  // namespace tlaunch
