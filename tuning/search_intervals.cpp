// Search: how often to log and to save.
#include <algorithm>
#include <iterator>

#include "base/units.h"
#include "estimate/costs.h"
#include "tuning/search.h"
#include "tuning/search/save_interval.h"

namespace tlaunch {
namespace {

constexpr double write_cost_s = 200e-6;  // a line of metrics.csv, two TensorBoard records, one event: 0.13 to 0.30 ms
// Of the time; 1 % is what logging, events and heartbeats may take together, of a pace that may turn out faster too.
constexpr double log_share = 0.007;
// The driver averages a card's use over up to a second: a reading in each tells all there is.
constexpr double gpu_figures_s = 1;
constexpr std::int64_t intervals[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

}  // namespace

void Search::choose_interval(const std::string& key, double cost_s, const std::string& what) {
  if (!open(key) || outcome_.samples_per_s <= 0) return;
  const double step_s = static_cast<double>(effective_batch()) / outcome_.samples_per_s;
  std::int64_t chosen = *std::rbegin(intervals);
  for (auto it = std::rbegin(intervals); it != std::rend(intervals); ++it)
    if (cost_s <= log_share * step_s * static_cast<double>(*it)) chosen = *it;
  set(key, chosen,
      what + " (a step: " + format_milliseconds(step_s) + "): every " + std::to_string(chosen) +
          " steps that is under 1 %",
      {{key == "log.log_interval" ? "log_cost_s" : "gpu_log_cost_s", cost_s}, {"step_s", step_s}});
}

void Search::choose_log_intervals() {
  const double cost_s = log_cost_s_ + write_cost_s;
  choose_interval("log.log_interval", cost_s,
                  "a logged step costs " + format_milliseconds(cost_s) + " more than another");
  if (gpu_log_cost_s_ > 0)
    choose_interval("log.gpu_log_interval", std::max(gpu_log_cost_s_, log_share * gpu_figures_s),
                    "a reading of the card takes " + format_milliseconds(gpu_log_cost_s_) +
                        " and tells nothing new within a second");
}

void Search::choose_save_interval() {
  if (!open("checkpoint.every_n_steps") || save_bytes_ == 0 || outcome_.samples_per_s <= 0) return;
  const double step_s = static_cast<double>(effective_batch()) / outcome_.samples_per_s;
  // As if nothing of it went on beside the steps: written in the background it still takes a core and the disk.
  const double save_s = save_copy_s_ + predicted_checkpoint_s(save_bytes_);
  const std::int64_t chosen = save_interval_steps(save_s, step_s);
  const double interval_s = static_cast<double>(chosen) * step_s;
  set("checkpoint.every_n_steps", chosen,
      "a save of " + format_bytes(save_bytes_) + " takes " + format_milliseconds(save_s) + " (" +
          format_milliseconds(save_copy_s_) + " of it to copy): every " + std::to_string(chosen) + " steps, " +
          format_duration(interval_s) + ", that is " + format_percent(save_s / interval_s) + " of the time",
      {{"save_copy_s", save_copy_s_}, {"save_s", save_s}, {"save_bytes", save_bytes_}, {"step_s", step_s}});
}

}  // namespace tlaunch
