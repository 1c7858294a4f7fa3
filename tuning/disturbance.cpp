#include "tuning/disturbance.h"

#include <algorithm>

#include "base/statistics.h"
#include "base/text.h"
#include "base/units.h"

namespace tlaunch {
namespace {

constexpr double much_of_others = 0.15;  // share of the cores' time
constexpr double enough_idle = 0.40;     // share of it: then the others only took idle cores (a GPU's host)
constexpr double far_apart = 0.35;       // spread_of()
constexpr std::size_t least_times = 4;

double quartile_distance(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[(3 * values.size()) / 4] - values[values.size() / 4];
}

// A percentage over 100 is hard to picture.
std::string spread_text(double spread) {
  return spread < 1 ? format_percent(spread) : format_text("{:.2g} times their median", spread);
}

}  // namespace

double spread_of(const std::vector<TrialResult>& trials) {
  std::vector<double> spreads;
  for (const TrialResult& trial : trials)
    for (const CandidateFigures& figures : trial.candidates) {
      const auto& times = figures.step_times_s;
      if (trial.outcome != TrialOutcome::ok || times.size() < least_times) continue;
      if (const double middle = median(times); middle > 0) spreads.push_back(quartile_distance(times) / middle);
    }
  return spreads.empty() ? 0 : median(spreads);
}

std::string disturbance(const std::optional<CpuLoad>& load, double spread) {
  const bool busy = load && load->others >= much_of_others && load->idle < enough_idle, uneven = spread >= far_apart;
  std::vector<std::string> seen;
  if (busy) seen.push_back(format_text("other work took {} of the cores' time", format_percent(load->others)));
  if (uneven) seen.push_back(format_text("the times of equal steps differ by {}", spread_text(spread)));
  return joined(seen, ", and ");
}

}  // namespace tlaunch
