// The plan for people: one line a choice, with where it comes from and why. Pure.
#pragma once

#include <string>

#include "contract/plan.h"

namespace tlaunch {

std::string plan_table(const Plan& plan);

}  // namespace tlaunch
