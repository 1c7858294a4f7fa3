#include "estimate/history.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>

#include "base/statistics.h"

namespace tlaunch {
namespace {

// Prior for a machine without history: 10th and 90th percentile of actual / estimated time, and the number of runs that
// the prior counts for.
constexpr double prior_low = 0.93, prior_high = 1.15, prior_runs = 6;
constexpr std::size_t most_outcomes = 50;  // the newest ones, for the range of the whole
// For a part: the number of the same job's newest runs, each with less weight than the next newer one, because a
// machine's speed changes over time.
constexpr std::size_t most_own = 12;
constexpr double older_weight = 0.75;
constexpr double most_factor = 2;  // up or down: if an actual time is further off, the reason is something else

// Prior standard deviation (log scale) of a rehearsal, and of a job from run to run, and the number of runs that the
// prior counts for. Measured on a virtual machine with two cores: rehearsals of a second were off by 10 to 20 %, the
// same run took 7 % more or less the next time (docs/estimates.md).
constexpr double rehearsal_spread = 0.15, repeat_spread = 0.07, prior_weight = 2;
constexpr double quantile_90 = 1.2816;                     // of the normal distribution
constexpr double least_number = 1e-6, most_number = 1e12;  // seconds or units of a run

std::vector<double> actual_over_estimated(const RunHistory& history, const std::string& job) {
  std::vector<double> found;
  for (auto it = history.rbegin(); it != history.rend() && found.size() < most_outcomes; ++it)
    if (it->estimated_s > 0 && it->actual_s > 0 && (job.empty() || it->job == job))
      found.push_back(it->actual_s / it->estimated_s);
  return found;
}

// The job's own outcomes of one part, newest first.
std::vector<PartOutcome> part_outcomes(const RunHistory& history, const std::string& job, const std::string& part) {
  std::vector<PartOutcome> found;
  for (auto it = history.rbegin(); it != history.rend() && found.size() < most_own; ++it)
    if (const auto own = it->parts.find(part); it->job == job && own != it->parts.end()) found.push_back(own->second);
  return found;
}

// An estimate of a logarithm.
struct LogEstimate {
  double middle = 0, variance = 0;
};

LogEstimate expect(double middle, const std::vector<double>& seen, double prior_spread) {
  double squares = prior_weight * prior_spread * prior_spread;
  for (const double value : seen) squares += (value - middle) * (value - middle);
  const double count = static_cast<double>(seen.size());
  return {middle, squares / (prior_weight + count) * (1 + 1 / (count + prior_weight))};
}

// `values`: newest first.
double middle_of(const std::vector<double>& values) {
  std::vector<WeightedValue> weighted;
  double weight = 1;
  for (const double value : values) {
    weighted.push_back({value, weight});
    weight *= older_weight;
  }
  return weighted_quantile(weighted, 0.5);
}

double bounded(double log_ratio) { return std::clamp(log_ratio, -std::log(most_factor), std::log(most_factor)); }

Calibration::Part part_of(double rehearsed_s, double units, const std::vector<PartOutcome>& own) {
  std::vector<double> off, taken;
  for (const PartOutcome& outcome : own) {
    off.push_back(bounded(std::log(outcome.actual_s / outcome.rehearsed_s)));
    // Relative to the rehearsal's time, so that the same bound applies to both.
    taken.push_back(bounded(std::log(outcome.actual_s / outcome.units * units / rehearsed_s)));
  }
  if (own.empty()) return {1, std::sqrt(expect(0, {}, rehearsal_spread).variance)};
  const double count = static_cast<double>(own.size());
  const LogEstimate rehearsal = expect(middle_of(off) * count / (count + 1), off, rehearsal_spread);
  const LogEstimate repeat = expect(middle_of(taken), taken, repeat_spread);
  const double weight = 1 / rehearsal.variance, other = 1 / repeat.variance;
  return {std::exp((weight * rehearsal.middle + other * repeat.middle) / (weight + other)),
          std::sqrt(1 / (weight + other))};
}

}  // namespace

Calibration calibration_from(const TimeEstimate& rehearsed, const std::map<std::string, double>& amounts,
                             const RunHistory& history, const std::string& job) {
  Calibration calibration;
  for (const auto& [part, time] : rehearsed.parts) {
    const auto work = amounts.find(part);
    if (work == amounts.end() || work->second <= 0 || time.likely_s <= 0) continue;
    calibration.parts[part] = part_of(time.likely_s, work->second, part_outcomes(history, job, part));
  }
  const auto own = actual_over_estimated(history, job);
  // The prior is a set of points, so that quantiles move smoothly from the prior to the observed ratios.
  constexpr int points = 21;
  std::vector<WeightedValue> values;
  for (int i = 0; i < points; ++i) {
    const double share = (i + 0.5) / points;
    const double side = share < 0.5 ? std::log(prior_low) : std::log(prior_high);
    values.push_back({std::exp(side * std::abs(share - 0.5) / 0.4), prior_runs / points});
  }
  for (const double ratio : own.empty() ? actual_over_estimated(history, "") : own) values.push_back({ratio, 1});
  calibration.low = std::min(1.0, weighted_quantile(values, 0.1));
  calibration.high = std::max(1.0, weighted_quantile(values, 0.9));
  return calibration;
}

TimeEstimate calibrate(const TimeEstimate& rehearsed, const Calibration& calibration) {
  const double own_low = 1 - rehearsed.low_s / rehearsed.likely_s, own_high = rehearsed.high_s / rehearsed.likely_s - 1;
  TimeEstimate estimate;
  for (const auto& [part, time] : rehearsed.parts) {
    const auto found = calibration.parts.find(part);
    const Calibration::Part& own = found == calibration.parts.end() ? Calibration::Part{} : found->second;
    const double likely_s = time.likely_s * own.factor, range = std::exp(quantile_90 * own.spread);
    estimate.parts[part] = {likely_s / range, likely_s, likely_s * range};
    estimate.likely_s += likely_s;
  }
  // The wider of the two ranges, but with a limit on the rehearsal's own: a pace that wavered during one second of
  // measuring must not make the range useless.
  estimate.low_s = estimate.likely_s * std::min(calibration.low, 1 - std::min(own_low, 0.1));
  estimate.high_s = estimate.likely_s * std::max(calibration.high, 1 + std::min(own_high, 0.2));
  return estimate;
}

Json to_json(const RunOutcome& outcome) {
  Json json = {
      {"job", outcome.job}, {"told_s", outcome.estimated_s}, {"actual_s", outcome.actual_s}, {"parts", Json::object()}};
  for (const auto& [name, part] : outcome.parts)
    json["parts"][name] = {{"rehearsed_s", part.rehearsed_s}, {"actual_s", part.actual_s}, {"units", part.units}};
  return json;
}

RunHistory history_from_lines(const std::string& text) {
  RunHistory outcomes;
  std::istringstream lines(text);
  // 0 if the number is missing or impossible for a run.
  const auto number = [](const Json& json, const char* key) {
    const double value = json.is_object() && json.contains(key) && json[key].is_number() ? json[key].get<double>() : 0;
    return value >= least_number && value <= most_number ? value : 0;
  };
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("job") || !json["job"].is_string()) continue;
    RunOutcome outcome{json["job"], number(json, "told_s"), number(json, "actual_s"), {}};
    if (json.contains("parts") && json["parts"].is_object())
      for (const auto& [name, part] : json["parts"].items()) {
        const PartOutcome each{number(part, "rehearsed_s"), number(part, "actual_s"), number(part, "units")};
        if (each.rehearsed_s > 0 && each.actual_s > 0 && each.units > 0) outcome.parts[name] = each;
      }
    if ((outcome.estimated_s > 0 && outcome.actual_s > 0) || !outcome.parts.empty()) outcomes.push_back(outcome);
  }
  return outcomes;
}

}  // namespace tlaunch
