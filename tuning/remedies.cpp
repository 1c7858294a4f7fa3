#include "tuning/remedies.h"

namespace tlaunch {

const std::vector<Remedy>& known_remedies() {
  static const std::vector<Remedy> remedies = {
      {"one DDP process per GPU with a distributed sampler, instead of DataParallel", 2, 3},
      {"an effective batch 2 to 4 times as large, where memory is unused", 1.2, 1.5},
      {"cudnn.benchmark and graph compilation", 1.05, 1.15},
  };
  return remedies;
}

std::vector<RemedyStep> towards_deadline(const TimeRange& now, double deadline_s) {
  std::vector<RemedyStep> steps;
  TimeRange time = now;
  if (time.high_s <= deadline_s) return steps;
  for (const Remedy& remedy : known_remedies()) {
    time = {time.low_s / remedy.most, time.likely_s * 2 / (remedy.least + remedy.most), time.high_s / remedy.least};
    steps.push_back({remedy.change, time, time.high_s <= deadline_s, time.low_s <= deadline_s});
    if (steps.back().reaches) break;
  }
  return steps;
}

}  // namespace tlaunch
