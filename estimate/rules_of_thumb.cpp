#include "estimate/rules_of_thumb.h"

namespace tlaunch {
namespace {

TimeRange faster_by(const RuleOfThumb& rule, const TimeRange& time) {
  return {time.low_s / rule.most, time.likely_s * 2 / (rule.least + rule.most), time.high_s / rule.least};
}

}  // namespace

const std::vector<RuleOfThumb>& rules_of_thumb() {
  // The figures of one team for its own job, an LSTM on four V100 cards that were less than 60 % busy. DataParallel
  // copies the model to each card and gathers outputs on the first one in every step; DDP does neither. Small batches
  // leave cards idle between kernels. cuDNN's search for the fastest algorithm and graphs save time within a step.
  static const std::vector<RuleOfThumb> rules = {
      {"one DDP process per GPU with a distributed sampler", "it runs under DataParallel", 2, 3},
      {"an effective batch 2 to 4 times as large, if memory is unused", "", 1.2, 1.5},
      {"cudnn.benchmark and graph compilation, if they are off", "", 1.05, 1.15},
  };
  return rules;
}

std::vector<RuleStep> towards_deadline(const TimeRange& now, double deadline_s) {
  std::vector<RuleStep> steps;
  TimeRange together = now;
  if (now.high_s <= deadline_s) return steps;
  for (const RuleOfThumb& rule : rules_of_thumb()) {
    const bool any_job = rule.condition.empty();
    const TimeRange time = faster_by(rule, any_job ? together : now);
    steps.push_back({rule.change, rule.condition, time, time.high_s <= deadline_s, time.low_s <= deadline_s});
    if (!any_job) continue;
    together = time;
    if (steps.back().reaches) break;
  }
  return steps;
}

double least_s_with_all(const TimeRange& now) {
  double least_s = now.low_s;
  for (const RuleOfThumb& rule : rules_of_thumb()) least_s /= rule.most;
  return least_s;
}

}  // namespace tlaunch
