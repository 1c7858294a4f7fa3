#include "estimate/pace.h"

#include <algorithm>

#include "base/error.h"
#include "base/json_problem.h"
#include "base/text.h"

namespace tlaunch {
namespace {

constexpr std::int64_t most_visits = 10, least_visits = 3;  // the first of them does not count
constexpr std::int64_t most_accumulation = 4;               // in a timed step; more would only repeat the same work
constexpr double evaluation_share = 0.25;

}  // namespace

TrialSpec rehearsal(const TrialSettings& settings, double seconds, std::optional<double> step_s) {
  TrialSpec spec;
  spec.candidates = {settings};
  spec.candidates[0].accumulation = std::min(settings.accumulation, most_accumulation);
  spec.rounds = most_visits;
  if (step_s && *step_s > 0)
    spec.rounds = std::clamp(static_cast<std::int64_t>(seconds / *step_s), least_visits, most_visits);
  spec.visit_s = seconds / static_cast<double>(spec.rounds);
  spec.whole_run = spec.with_loader = true;
  spec.evaluation_s = evaluation_share * seconds;
  return spec;
}

std::optional<Pace> pace_of(const TrialSpec& spec, const TrialResult& result, std::int64_t accumulation) {
  if (result.outcome != TrialOutcome::ok || result.candidates.empty()) return std::nullopt;
  const CandidateFigures& figures = result.candidates.front();
  if (figures.step_times_s.size() < 2) return std::nullopt;
  // Skips the first visit, which uses batches that the loader had prepared before.
  const double repeats = static_cast<double>(accumulation) / static_cast<double>(spec.candidates.front().accumulation);
  std::vector<StepInterval> intervals;
  for (std::size_t i = 1; i < figures.step_times_s.size(); ++i)
    intervals.push_back({figures.step_times_s[i] * repeats, 1});
  const auto step = step_time_of(intervals);
  if (!step || step->likely_s <= 0) return std::nullopt;
  Pace pace;
  pace.step = *step;
  for (std::size_t i = 1; i < figures.wait_shares.size(); ++i)
    pace.wait_share += figures.wait_shares[i] / static_cast<double>(figures.wait_shares.size() - 1);
  pace.start_s = result.start_s;
  pace.build_s = result.build_s;
  pace.evaluation_fixed_s = result.evaluation_fixed_s;
  pace.evaluation_sample_s = result.evaluation_sample_s;
  pace.detection_s = result.detection_s;
  pace.save_copy_s = result.save_copy_s;
  pace.save_bytes = result.save_bytes;
  pace.trial_s = result.worker_s;
  pace.facts = result.facts;
  return pace;
}

Pace faster(Pace pace, double ratio) {
  pace.step = pace.step / ratio;
  return pace;
}

Json to_json(const Pace& pace) {
  return {{"step_low_s", pace.step.low_s},
          {"step_likely_s", pace.step.likely_s},
          {"step_high_s", pace.step.high_s},
          {"wait_share", pace.wait_share},
          {"start_s", pace.start_s},
          {"build_s", pace.build_s},
          {"evaluation_fixed_s", pace.evaluation_fixed_s},
          {"evaluation_sample_s", pace.evaluation_sample_s},
          {"detection_s", pace.detection_s},
          {"save_copy_s", pace.save_copy_s},
          {"save_bytes", pace.save_bytes},
          {"trial_s", pace.trial_s},
          {"train_samples", pace.facts.train_samples},
          {"val_samples", pace.facts.val_samples},
          {"parameters", pace.facts.parameters},
          {"batch_norm", pace.facts.batch_norm}};
}

Pace pace_from_json(const Json& json) {
  try {
    Pace pace;
    pace.step = {json.at("step_low_s"), json.at("step_likely_s"), json.at("step_high_s")};
    pace.wait_share = json.at("wait_share");
    pace.start_s = json.at("start_s");
    pace.build_s = json.at("build_s");
    pace.evaluation_fixed_s = json.at("evaluation_fixed_s");
    pace.evaluation_sample_s = json.at("evaluation_sample_s");
    pace.detection_s = json.at("detection_s");
    pace.save_copy_s = json.at("save_copy_s");
    pace.save_bytes = json.at("save_bytes");
    pace.trial_s = json.at("trial_s");
    pace.facts = {json.at("train_samples"), json.at("val_samples"), json.at("parameters"), json.at("batch_norm")};
    return pace;
  } catch (const Json::exception& error) {
    throw DataError(format_text("this is not the measured pace of a job: {}", json_problem(error)));
  }
}

}  // namespace tlaunch
