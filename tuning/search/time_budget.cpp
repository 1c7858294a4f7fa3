#include "tuning/search/time_budget.h"

#include <algorithm>

namespace tlaunch {
namespace {

constexpr double share_of_run = 0.10;

}  // namespace

double tuning_budget_s(double run_s, bool thorough) {
  return thorough ? most_budget_s : std::clamp(share_of_run * run_s, least_budget_s, most_budget_s);
}

}  // namespace tlaunch
