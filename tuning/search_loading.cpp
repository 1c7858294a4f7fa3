// Search: loader threads and log intervals, from what the trials measured on the way.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tuning/search.h"

namespace tlaunch {
namespace {

constexpr double reserve = 1.25;         // a loader is to be so much faster than the step it feeds
constexpr double write_cost_s = 150e-6;  // a line of metrics.csv, two TensorBoard records, one event
constexpr double log_share = 0.01;
constexpr std::int64_t intervals[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

std::string milliseconds(double s) {
  char text[40];
  std::snprintf(text, sizeof text, s < 0.001 ? "%.3f ms" : "%.1f ms", 1000 * s);
  return text;
}

}  // namespace

void Search::choose_loading() {
  if (!open("num_workers") || outcome_.samples_per_s <= 0) return;
  const double batch_s = make_batch_s_ * static_cast<double>(now_.micro_batch);
  const double step_s = static_cast<double>(now_.micro_batch * input_.job.world_size) / outcome_.samples_per_s;
  const std::int64_t ranks =
      input_.job.on_gpu ? std::max<std::int64_t>(1, input_.job.world_size) : input_.job.world_size;
  const std::int64_t most = std::max<std::int64_t>(1, input_.hardware.cpu.allowed_cores / ranks);
  const auto wanted = static_cast<std::int64_t>(std::ceil(reserve * batch_s / step_s));
  const std::int64_t threads = std::clamp<std::int64_t>(wanted, 1, most);
  set("num_workers", threads,
      "one thread makes a batch in " + milliseconds(batch_s) + ", a micro-batch trains in " + milliseconds(step_s) +
          (threads < wanted ? "; all " + std::to_string(most) + " cores of a rank, and the loader will still hold it up"
                            : ""),
      {{"make_batch_s", batch_s}, {"micro_step_s", step_s}});
}

void Search::choose_log_interval() {
  if (!open("log_interval") || outcome_.samples_per_s <= 0) return;
  const double step_s = static_cast<double>(effective_batch()) / outcome_.samples_per_s;
  const double cost_s = log_cost_s_ + write_cost_s;
  std::int64_t chosen = *std::rbegin(intervals);
  for (auto it = std::rbegin(intervals); it != std::rend(intervals); ++it)
    if (cost_s <= log_share * step_s * static_cast<double>(*it)) chosen = *it;
  set("log_interval", chosen,
      "a logged step costs " + milliseconds(cost_s) + " more than another of " + milliseconds(step_s) +
          ": every " + std::to_string(chosen) + " steps that is under 1 %",
      {{"log_cost_s", cost_s}, {"step_s", step_s}});
}

}  // namespace tlaunch
