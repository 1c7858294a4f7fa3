#include "tuning/search/intervals.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "base/text.h"
#include "base/units.h"
#include "estimate/costs.h"
#include "tuning/search/save_interval.h"

namespace tlaunch {
namespace {

constexpr double write_cost_s = 200e-6;  // a line of metrics.csv, two TensorBoard records, one event: 0.13 to 0.30 ms
// Of the time; 1 % is what logging, events and heartbeats may take together, of a pace that may turn out faster too.
constexpr double log_share = 0.007;
// The driver averages a GPU's use over up to a second, so one reading per second is enough.
constexpr double gpu_figures_s = 1;
constexpr std::int64_t intervals[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

// `what` says what costs that much.
void choose_log_interval(Draft& draft, const char* key, double step_s, double cost_s, const std::string& what) {
  std::int64_t chosen = *std::rbegin(intervals);
  for (auto it = std::rbegin(intervals); it != std::rend(intervals); ++it)
    if (cost_s <= log_share * step_s * static_cast<double>(*it)) chosen = *it;
  const bool cheap = cost_s <= log_share * step_s * static_cast<double>(chosen);
  const bool of_gpu = key == std::string("log.gpu_log_interval");
  draft.set(key, chosen,
            format_text("{}, and a step takes {}: every {}, which is {}", what, format_milliseconds(step_s),
                        chosen == 1 ? "step" : format_number_of(chosen, "step"),
                        cheap ? "under 1 % of the time" : "the longest interval"),
            {{of_gpu ? "gpu_log_cost_s" : "log_cost_s", cost_s}, {"step_s", step_s}});
}

void choose_save_interval(Draft& draft, const SideFigures& seen, double step_s) {
  // As if the steps waited for all of it: a save that is written in the background still takes a core and the disk.
  const double save_s = seen.save_copy_s + predicted_checkpoint_s(seen.save_bytes);
  const std::int64_t chosen = save_interval_steps(save_s, step_s);
  const double interval_s = static_cast<double>(chosen) * step_s;
  draft.set(
      "checkpoint.every_n_steps", chosen,
      format_text("a save of {} takes {} ({} of that to copy): every {}, or {}, which is {} of the time",
                  format_bytes(seen.save_bytes), format_milliseconds(save_s), format_milliseconds(seen.save_copy_s),
                  chosen == 1 ? "step" : format_number_of(chosen, "step"), format_duration(interval_s),
                  format_percent(save_s / interval_s)),
      {{"save_copy_s", seen.save_copy_s}, {"save_s", save_s}, {"save_bytes", seen.save_bytes}, {"step_s", step_s}});
}

}  // namespace

Plan choose_intervals(const Lab& lab, const Verified& verified) {
  if (verified.samples_per_s <= 0) return verified.draft.plan;
  Draft draft = verified.draft;
  const SideFigures& seen = lab.side_figures();
  const double step_s = static_cast<double>(draft.split().effective()) / verified.samples_per_s;
  if (lab.open("log.log_interval")) {
    const double cost_s = seen.log_cost_s + write_cost_s;
    choose_log_interval(draft, "log.log_interval", step_s, cost_s,
                        format_text("logging a step costs {}", format_milliseconds(cost_s)));
  }
  if (lab.open("log.gpu_log_interval") && seen.gpu_log_cost_s > 0)
    choose_log_interval(draft, "log.gpu_log_interval", step_s, std::max(seen.gpu_log_cost_s, log_share * gpu_figures_s),
                        format_text("reading the GPU's figures takes {} and shows nothing new within a second",
                                    format_milliseconds(seen.gpu_log_cost_s)));
  if (lab.open("checkpoint.every_n_steps") && seen.save_bytes > 0) choose_save_interval(draft, seen, step_s);
  return draft.plan;
}

}  // namespace tlaunch
