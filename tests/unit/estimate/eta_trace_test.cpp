// The ETA on recorded runs, compared with tqdm's smoothing and the plain average of the same steps. tests/data/eta has
// a part of the events of real runs (benchmarks/estimates.py --traces).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <vector>

#include "base/statistics.h"
#include "estimate/eta_tracker.h"
#include "tests/support/decoded.h"

namespace tlaunch {
namespace {

// The first line is the estimate.
std::vector<Json> lines_of(const std::filesystem::path& file) {
  std::vector<Json> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

// The remaining time by each method, as steps arrive.
class Methods {
 public:
  explicit Methods(std::int64_t total) : total_(total) {}
  void on_step(double t_s, std::int64_t step) {
    if (first_step_ >= 0 && step > last_step_) {
      const double dt = t_s - last_s_, dn = static_cast<double>(step - last_step_);
      smoothed_dt_ = smoothed_dn_ > 0 ? 0.3 * dt + 0.7 * smoothed_dt_ : dt;  // tqdm 4: smoothing 0.3 of both
      smoothed_dn_ = smoothed_dn_ > 0 ? 0.3 * dn + 0.7 * smoothed_dn_ : dn;
    }
    if (first_step_ < 0) {
      first_step_ = step;
      first_s_ = t_s;
    }
    last_step_ = step;
    last_s_ = t_s;
  }
  double tqdm_s() const { return smoothed_dn_ > 0 ? smoothed_dt_ / smoothed_dn_ * left() : 0; }
  double average_s() const {
    return last_step_ > first_step_ ? (last_s_ - first_s_) / static_cast<double>(last_step_ - first_step_) * left() : 0;
  }
  bool ready() const { return smoothed_dn_ > 0; }

 private:
  double left() const { return static_cast<double>(total_ - last_step_); }
  std::int64_t total_, first_step_ = -1, last_step_ = -1;
  double first_s_ = 0, last_s_ = 0, smoothed_dt_ = 0, smoothed_dn_ = 0;
};

struct Errors {
  std::vector<double> ours, tqdm, average;  // absolute errors, as shares of the remaining time
  std::int64_t covered = 0, all = 0;
};

// The run's own estimate, and its costs of a step, an evaluation and a save.
RunSoFar so_far_of(const Json& estimate, double start_s) {
  const Json& step = estimate.at("step");
  RunSoFar so_far{start_s, TimeEstimate{}, {}, Costs{}};
  so_far.estimate = with_part({}, "finish", exactly(estimate.at("finish_s")));
  so_far.expected->step = {step.at("low_s"), step.at("likely_s"), step.at("high_s")};
  so_far.expected->evaluation = guessed(estimate.at("evaluation_s"));
  so_far.expected->save_stall = guessed(estimate.at("checkpoint_s"));
  return so_far;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void replay(const std::filesystem::path& file, Errors& errors) {
  const auto lines = lines_of(file);
  ASSERT_GT(lines.size(), 2u) << file;
  std::vector<StampedEvent> events;
  for (std::size_t i = 1; i < lines.size(); ++i) events.push_back(test::decoded(lines[i]));
  const double start_s = events.front().t_s, end_s = events.back().t_s;
  RunRecord record;
  EtaTracker tracker(start_s, RunConfig{}, so_far_of(lines.front(), start_s));
  Methods methods(std::get<StartEvent>(events.front().event).total_steps);
  const std::vector<double> shares{0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90};
  std::size_t next = 0;
  for (const StampedEvent& event : events) {
    record.on_event(event);
    const EtaReport report = tracker.on_event(event, record);
    const double t_s = event.t_s;
    const auto* step = std::get_if<StepEvent>(&event.event);
    if (!step) continue;
    methods.on_step(t_s, step->step);
    if (report.remaining) {
      EXPECT_GE(report.remaining->low_s, 0);
      EXPECT_LE(report.remaining->low_s, report.remaining->likely_s);
      EXPECT_LE(report.remaining->likely_s, report.remaining->high_s);
    }
    if (next >= shares.size() || t_s < start_s + shares[next] * (end_s - start_s) || !report.remaining ||
        !methods.ready())
      continue;
    ++next;
    const double left_s = end_s - t_s;
    errors.ours.push_back(std::abs(report.remaining->likely_s / left_s - 1));
    errors.tqdm.push_back(std::abs(methods.tqdm_s() / left_s - 1));
    errors.average.push_back(std::abs(methods.average_s() / left_s - 1));
    errors.covered += report.remaining->low_s <= left_s && left_s <= report.remaining->high_s;
    ++errors.all;
  }
}

TEST(EtaTraces, BetterThanSmoothingAndAsGoodAsTheAverage) {
  const char* source = std::getenv("TLAUNCH_SOURCE_DIR");
  const std::filesystem::path folder = std::filesystem::path(source ? source : ".") / "tests/data/eta";
  Errors errors;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 12u);
  for (const auto& file : files) replay(file, errors);
  const double ours = mean(errors.ours), tqdm = mean(errors.tqdm), average = mean(errors.average);
  std::printf(
      "mean absolute error: ours %.3f, tqdm %.3f, average %.3f; median: %.3f, %.3f, %.3f; range held %lld of %lld\n",
      ours, tqdm, average, median(errors.ours), median(errors.tqdm), median(errors.average),
      static_cast<long long>(errors.covered), static_cast<long long>(errors.all));
  EXPECT_LT(ours, tqdm);
  EXPECT_LT(ours, 1.1 * average) << "which these runs, of a steady pace, suit well";
  EXPECT_LT(median(errors.ours), 0.08);
  EXPECT_GT(errors.covered, errors.all * 7 / 10);
}

}  // namespace
}  // namespace tlaunch
