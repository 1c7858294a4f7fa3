#include "estimate/config_estimate.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "base/whole_number.h"

namespace tlaunch {
namespace {

// Lengths of runs by purpose, as shares of the planned length: a convention of people who train image generators (150,
// 300 and 1000 kimg for a run that is planned for 300).
struct Purpose {
  const char* name;
  double share;
};
constexpr Purpose purposes[] = {{"quick", 0.5}, {"standard", 1}, {"high quality", 10.0 / 3}};
constexpr int data_factors[] = {2, 4, 10};

ForecastRow row(const EstimateInput& input, const RunConfig& config, std::string label) {
  RunForecast made = forecast_of(input, config, input.pace);
  return {std::move(label), made.time, made.disk};
}

// The config with its length multiplied by `share`; writes the new length to `length`, as text.
RunConfig stretched(RunConfig config, double share, std::string& length) {
  TrainConfig& train = config.train;
  if (train.max_steps) {
    train.max_steps = std::max<std::int64_t>(1, std::llround(share * static_cast<double>(*train.max_steps)));
    length = format_number_of(*train.max_steps, "step");
  } else if (train.kimg) {
    train.kimg = share * *train.kimg;
    length = format_text("{} samples", format_count(1000 * *train.kimg));
  } else {
    train.epochs = std::max<std::int64_t>(1, std::llround(share * static_cast<double>(train.epochs.value_or(1))));
    length = format_number_of(*train.epochs, "epoch");
  }
  return config;
}

std::vector<ForecastRow> horizons(const EstimateInput& input, const std::vector<std::int64_t>& epochs) {
  std::vector<ForecastRow> rows;
  for (const std::int64_t count : epochs) {
    RunConfig config = input.config;
    config.train.max_steps.reset();
    config.train.kimg.reset();
    config.train.epochs = count;
    rows.push_back(row(input, config, format_number_of(count, "epoch")));
  }
  if (!epochs.empty()) return rows;
  for (const Purpose& purpose : purposes) {
    std::string length;
    const RunConfig config = stretched(input.config, purpose.share, length);
    rows.push_back(row(input, config, format_text("{}: {}", purpose.name, length)));
  }
  return rows;
}

// The pace with `ranks` cards relative to that with `now` cards. Modelled.
double pace_ratio(std::int64_t ranks, std::int64_t now) {
  const double ideal = static_cast<double>(ranks) / static_cast<double>(now);
  return ranks > now ? ideal * rank_scaling : ranks < now ? ideal / rank_scaling : 1;
}

// Ranks on the CPU share its cores, so another number of them cannot be modelled.
std::set<std::int64_t> numbers_of_ranks(const EstimateInput& input) {
  std::set<std::int64_t> numbers{input.world_size};
  if (input.on_gpu) numbers.insert({1, 2, 4, 8});
  return numbers;
}

std::vector<SharedStep> shared_steps(const EstimateInput& input) {
  auto ladder = input.ladder;
  const auto now = input.config.train.batch_size.value_or(0);
  if (!ladder.contains(now)) ladder = {{now, 1.0}};
  std::vector<SharedStep> found;
  for (const auto& [micro_batch, samples_per_s] : ladder)
    for (const std::int64_t ranks : numbers_of_ranks(input)) {
      if (micro_batch * ranks > input.config.train.effective_batch_size.value())
        continue;  // the effective batch would grow, which changes the training
      const double ratio = samples_per_s / ladder.at(now) * pace_ratio(ranks, input.world_size);
      found.push_back({micro_batch, ranks, forecast_of(input, input.config, faster(input.pace, ratio)).time.likely_s,
                       ranks == input.world_size});
    }
  return found;
}

std::vector<WhatIf> more_data(const EstimateInput& input) {
  std::vector<WhatIf> rows;
  for (const int factor : data_factors) {
    Pace pace = input.pace;
    pace.facts.train_samples *= factor;
    pace.facts.val_samples *= factor;
    rows.push_back({format_text("data x{}", factor), forecast_of(input, input.config, pace).time.likely_s});
  }
  return rows;
}

// Disk by retention policy, for runs that save by epochs as the config does.
Spreadsheet policies(const EstimateInput& input, const RunForecast& run) {
  const CheckpointConfig& checkpoint = input.config.checkpoint;
  const auto epochs = std::max<std::int64_t>(1, run.length.total_steps / run.length.steps_per_epoch);
  Figures figures;
  figures.epochs = {5, 10, 20, 50, 100};
  figures.checkpoint_bytes = run.disk.checkpoint_bytes;
  figures.save_top_k = checkpoint.save_top_k;
  figures.save_last = checkpoint.save_last;
  figures.every_n_epochs = checkpoint.every_n_epochs.value_or(1);
  figures.others.log_bytes_per_epoch = run.disk.logs.sum() / static_cast<std::uint64_t>(epochs);
  return fill_in(figures);
}

}  // namespace

RunForecast forecast_of(const EstimateInput& input) { return forecast_of(input, input.config, input.pace); }

RunForecast forecast_of(const EstimateInput& input, const RunConfig& config, const Pace& pace) {
  return forecast_run(config, pace, input.done_steps, input.tuning_s, input.calibration);
}

std::map<std::int64_t, double> measured_ladder(const Plan& plan) {
  std::map<std::int64_t, double> ladder;
  const Choice* choice = plan.find("train.batch_size");
  if (choice == nullptr || !choice->evidence.is_object()) return ladder;
  const auto found = choice->evidence.find("samples_per_s");
  if (found == choice->evidence.end() || !found->is_object()) return ladder;
  for (const auto& [batch, pace] : found->items()) {
    const auto number = whole_number(batch, 1);
    if (number && pace.is_number() && pace.get<double>() > 0) ladder[*number] = pace.get<double>();
  }
  return ladder;
}

ConfigEstimate estimate_config(const EstimateInput& input, const std::vector<std::int64_t>& epochs) {
  ConfigEstimate estimate;
  estimate.run = forecast_of(input);
  estimate.horizons = horizons(input, epochs);
  estimate.policies = policies(input, estimate.run);
  estimate.shared_steps = shared_steps(input);
  estimate.more_data = more_data(input);
  if (input.disk_free_bytes > 0) estimate.free_bytes = input.disk_free_bytes;
  return estimate;
}

}  // namespace tlaunch
