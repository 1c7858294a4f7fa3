#include "tuning/disturbance.h"

#include <algorithm>
#include <cstdio>

#include "base/statistics.h"
#include "base/units.h"

namespace tlaunch {
namespace {

constexpr double much_of_others = 0.15;  // of the cores' time
constexpr double enough_idle = 0.40;     // of it: then the others took what was left over (a GPU's host)
constexpr double far_apart = 0.35;
constexpr std::size_t least_times = 4;

double quartile_distance(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[(3 * values.size()) / 4] - values[values.size() / 4];
}

// "8.5 times their median" where a percentage would be hard to picture.
std::string times_text(double spread) {
  char text[40];
  std::snprintf(text, sizeof text, "%.2g times their median", spread);
  return text;
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
  std::string text;
  if (busy) text = "other work took " + format_percent(load->others) + " of the cores' time";
  if (busy && uneven) text += ", and ";
  if (uneven)
    text += "the times of equal steps differ by " + (spread < 1 ? format_percent(spread) : times_text(spread));
  return text;
}

}  // namespace tlaunch
