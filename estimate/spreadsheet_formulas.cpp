#include "estimate/spreadsheet_formulas.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace tlaunch {

TimeRange time_at(double amount, const Range& rate_per_s) {
  return {amount / rate_per_s.high, amount / rate_per_s.middle(), amount / rate_per_s.low};
}

std::vector<Phase> phases_at(const std::vector<double>& boundaries, const Range& rate_per_s) {
  std::vector<Phase> phases;
  double begin = 0;
  for (const double end : boundaries) {
    phases.push_back({begin, end, time_at(end - begin, rate_per_s)});
    begin = end;
  }
  return phases;
}

double observed_step_time_s(const Observed& observed, std::int64_t done_steps) {
  const std::int64_t steps = done_steps - observed.since_step;
  const double seconds = observed.elapsed_s - observed.start_up_s;
  if (steps <= 0)
    throw UsageError(
        format_text("--since-step {} must be less than --done, which is {}", observed.since_step, done_steps));
  if (seconds <= 0) throw UsageError("--start-up must be less than --elapsed, or no time is left for the steps");
  return seconds / static_cast<double>(steps);
}

SizeRange checkpoints_kept(const SaveFigures& figures, std::int64_t saves) {
  if (saves <= 0) return {};
  const bool all = figures.save_top_k < 0;
  const std::int64_t best = all ? saves : std::min(saves, figures.save_top_k);
  const std::int64_t least = std::max<std::int64_t>(best, figures.save_last ? 1 : 0);
  const std::int64_t most = best + (figures.save_last && !all ? 1 : 0);
  const auto bytes = [&](std::int64_t files) { return static_cast<std::uint64_t>(files) * figures.checkpoint_bytes; };
  const bool in_flight = !all && most > 0 && saves > 1;  // the new one is complete before an old one is deleted
  return {bytes(least), bytes(most), bytes(most + (in_flight ? 1 : 0))};
}

std::uint64_t other_bytes(const OtherSizes& sizes, std::int64_t epochs) {
  return sizes.base_bytes + sizes.data_bytes + sizes.other_bytes +
         sizes.log_bytes_per_epoch * static_cast<std::uint64_t>(std::max<std::int64_t>(0, epochs));
}

PolicyAdvice advised_policy(std::int64_t epochs) {
  if (epochs < 20) return {2, 1, false};
  if (epochs < 100) return {3, 5, true};
  return {3, 10, true};
}

std::string kimg_text(double samples) {
  const double kimg = samples / 1000;
  return Json(kimg == std::floor(kimg) ? Json(std::llround(kimg)) : Json(kimg)).dump() + " kimg";
}

}  // namespace tlaunch
