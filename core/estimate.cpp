#include "core/estimate.h"

namespace tlaunch {

Json to_json(const TimeEstimate& estimate) {
  Json parts = Json::object();
  for (const auto& [part, seconds] : estimate.parts) parts[part] = seconds;
  return {{"low_s", estimate.low_s}, {"likely_s", estimate.likely_s}, {"high_s", estimate.high_s}, {"parts", parts}};
}

}  // namespace tlaunch
