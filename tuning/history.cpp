#include "tuning/history.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace tlaunch {
namespace {

// Of a machine nothing is known of: what 10 % and 90 % of its runs are expected to end within.
constexpr double expected_low = 0.93, expected_high = 1.15;
constexpr double expected_weight = 6;    // so many runs is the expectation worth
constexpr std::size_t most_outcomes = 50;  // the newest ones
constexpr double most_correction = 2;    // of `likely`, either way

struct Weighted {
  double ratio, weight;
};

double quantile(std::vector<Weighted> values, double share) {
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.ratio < b.ratio; });
  double all = 0, below = 0;
  for (const auto& value : values) all += value.weight;
  for (const auto& value : values) {
    below += value.weight;
    if (below >= share * all) return value.ratio;
  }
  return values.back().ratio;
}

std::vector<double> ratios(const std::vector<Outcome>& history, const std::string& job) {
  std::vector<double> found;
  for (auto it = history.rbegin(); it != history.rend() && found.size() < most_outcomes; ++it)
    if (job.empty() || it->job == job) found.push_back(it->actual_s / it->estimated_s);
  return found;
}

}  // namespace

TimeEstimate calibrated(TimeEstimate estimate, const std::vector<Outcome>& history, const std::string& job) {
  const auto own = ratios(history, job);
  const auto used = own.empty() ? ratios(history, "") : own;
  // The expectation as a spread of points, so that quantiles move smoothly from it to what was seen.
  constexpr int points = 21;
  std::vector<Weighted> values;
  for (int i = 0; i < points; ++i) {
    const double share = (i + 0.5) / points;
    const double side = share < 0.5 ? std::log(expected_low) : std::log(expected_high);
    values.push_back({std::exp(side * std::abs(share - 0.5) / 0.4), expected_weight / points});
  }
  for (const double ratio : used) values.push_back({ratio, 1});
  double likely = 1;
  if (!own.empty()) likely = std::clamp(quantile(values, 0.5), 1 / most_correction, most_correction);
  const double own_low_s = estimate.likely_s - estimate.low_s, own_high_s = estimate.high_s - estimate.likely_s;
  const double before_s = estimate.likely_s;
  estimate.likely_s *= likely;
  for (auto& [part, seconds] : estimate.parts) seconds *= likely;
  // The wider of the two, but a pace that wavered while it was measured for a second is no reason to say nothing.
  estimate.low_s = std::min(before_s * quantile(values, 0.1), estimate.likely_s - std::min(own_low_s, 0.1 * before_s));
  estimate.high_s = std::max(before_s * quantile(values, 0.9), estimate.likely_s + std::min(own_high_s, 0.2 * before_s));
  return estimate;
}

Json to_json(const Outcome& outcome) {
  return {{"job", outcome.job}, {"estimated_s", outcome.estimated_s}, {"actual_s", outcome.actual_s}};
}

std::vector<Outcome> outcomes_from_lines(const std::string& text) {
  std::vector<Outcome> outcomes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("job") || !json["job"].is_string()) continue;
    const auto number = [&](const char* key) {
      return json.contains(key) && json[key].is_number() ? json[key].get<double>() : 0.0;
    };
    const Outcome outcome{json["job"], number("estimated_s"), number("actual_s")};
    if (outcome.estimated_s > 0 && outcome.actual_s > 0) outcomes.push_back(outcome);
  }
  return outcomes;
}

}  // namespace tlaunch
