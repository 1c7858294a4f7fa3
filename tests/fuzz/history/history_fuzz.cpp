// Any bytes as the file of earlier runs give outcomes that can be computed with, and an estimate made in their light is one: finite,
// in order, its parts adding up.
#include <stdlib.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "estimate/history.h"

namespace {

void require(bool holds) {
  if (!holds) ::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tlaunch;
  const auto history = history_from_lines({reinterpret_cast<const char*>(data), size});
  const TimeEstimate rehearsed{{97, 100, 104}, {{"steps", {87, 90, 94}}, {"evaluation", {10, 10, 10}}}};
  const auto made =
      calibrate(rehearsed, calibration_from(rehearsed, {{"steps", 900}, {"evaluation", 10}}, history, "a"));
  double parts_s = 0;
  for (const auto& [part, time] : made.parts) {
    require(std::isfinite(time.high_s) && time.low_s <= time.likely_s && time.likely_s <= time.high_s);
    parts_s += time.likely_s;
  }
  require(std::abs(parts_s - made.likely_s) <= 1e-9 * parts_s);
  require(std::isfinite(made.high_s) && made.low_s <= made.likely_s && made.likely_s <= made.high_s && made.low_s >= 0);
  return 0;
}
