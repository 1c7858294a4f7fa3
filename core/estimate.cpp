#include "core/estimate.h"

namespace tlaunch {

TimeEstimate with_part(TimeEstimate estimate, const std::string& part, double seconds) {
  estimate.low_s += seconds;
  estimate.likely_s += seconds;
  estimate.high_s += seconds;
  estimate.parts[part] += seconds;
  return estimate;
}

Json to_json(const TimeEstimate& estimate) {
  Json parts = Json::object();
  for (const auto& [part, seconds] : estimate.parts) parts[part] = seconds;
  return {{"low_s", estimate.low_s}, {"likely_s", estimate.likely_s}, {"high_s", estimate.high_s}, {"parts", parts}};
}

}  // namespace tlaunch
