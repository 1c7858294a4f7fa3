#include "estimate/rules_of_thumb.h"

namespace tlaunch {
namespace {

TimeRange faster_by(const Remedy& remedy, const TimeRange& time) {
  return {time.low_s / remedy.most, time.likely_s * 2 / (remedy.least + remedy.most), time.high_s / remedy.least};
}

}  // namespace

const std::vector<Remedy>& known_remedies() {
  static const std::vector<Remedy> remedies = {
      {"one DDP process per GPU with a distributed sampler", "it runs under DataParallel", 2, 3},
      {"an effective batch 2 to 4 times as large, where memory is unused", "", 1.2, 1.5},
      {"cudnn.benchmark and graph compilation, where they are not on yet", "", 1.05, 1.15},
  };
  return remedies;
}

std::vector<RemedyStep> towards_deadline(const TimeRange& now, double deadline_s) {
  std::vector<RemedyStep> steps;
  TimeRange together = now;
  if (now.high_s <= deadline_s) return steps;
  for (const Remedy& remedy : known_remedies()) {
    const bool any_job = remedy.condition.empty();
    const TimeRange time = faster_by(remedy, any_job ? together : now);
    steps.push_back({remedy.change, remedy.condition, time, time.high_s <= deadline_s, time.low_s <= deadline_s});
    if (!any_job) continue;
    together = time;
    if (steps.back().reaches) break;
  }
  return steps;
}

double least_s_with_all(const TimeRange& now) {
  double least_s = now.low_s;
  for (const Remedy& remedy : known_remedies()) least_s /= remedy.most;
  return least_s;
}

}  // namespace tlaunch
