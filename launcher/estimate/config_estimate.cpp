#include "launcher/estimate/config_estimate.h"

#include <algorithm>
#include <cmath>

#include "core/units.h"
#include "core/whole_number.h"
#include "launcher/terminal/text_table.h"

namespace tlaunch {
namespace {

// Lengths of runs by purpose: 150, 300 and 1000 kimg of a run that was planned for 300 (sources A).
struct Purpose {
  const char* name;
  double share;
};
constexpr Purpose purposes[] = {{"quick", 0.5}, {"standard", 1}, {"high quality", 10.0 / 3}};
constexpr int data_factors[] = {2, 4, 10};
std::string count_text(std::int64_t count, const char* unit) {
  return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
}

ForecastRow row(const EstimateInput& input, const RunConfig& config, std::string label) {
  RunForecast made = forecast_of(input, config, input.pace);
  return {std::move(label), made.time, made.disk};
}

// The config with so many times its length.
RunConfig stretched(RunConfig config, double share, std::string& length) {
  TrainConfig& train = config.train;
  if (train.max_steps) {
    train.max_steps = std::max<std::int64_t>(1, std::llround(share * static_cast<double>(*train.max_steps)));
    length = count_text(*train.max_steps, "step");
  } else if (train.kimg) {
    train.kimg = share * *train.kimg;
    length = format_count(1000 * *train.kimg) + " samples";
  } else {
    train.epochs = std::max<std::int64_t>(1, std::llround(share * static_cast<double>(train.epochs.value_or(1))));
    length = count_text(*train.epochs, "epoch");
  }
  return config;
}

std::vector<ForecastRow> horizons(const EstimateInput& input, const std::vector<std::int64_t>& epochs) {
  std::vector<ForecastRow> rows;
  for (const std::int64_t count : epochs) {
    RunConfig config = input.job.config;
    config.train.max_steps.reset();
    config.train.kimg.reset();
    config.train.epochs = count;
    rows.push_back(row(input, config, count_text(count, "epoch")));
  }
  if (!epochs.empty()) return rows;
  for (const Purpose& purpose : purposes) {
    std::string length;
    const RunConfig config = stretched(input.job.config, purpose.share, length);
    rows.push_back(row(input, config, std::string(purpose.name) + ": " + length));
  }
  return rows;
}

void add_batches(const EstimateInput& input, std::vector<WhatIf>& rows) {
  const auto ladder = measured_ladder(input.job);
  const auto ours = ladder.find(input.job.config.train.batch_size.value_or(0));
  if (ours == ladder.end()) return;
  for (const auto& [batch, pace] : ladder) {
    if (batch == ours->first) continue;
    rows.push_back({"micro-batch " + std::to_string(batch) + " instead of " + std::to_string(ours->first),
                    forecast_of(input, input.job.config, faster(input.pace, pace / ours->second)).time.likely_s, true});
  }
}

void add_ranks(const EstimateInput& input, std::vector<WhatIf>& rows) {
  if (!input.job.world.on_gpu) return;  // ranks on the CPU share its cores: another number of them is to be measured
  for (const std::int64_t ranks : {1, 2, 4, 8}) {
    if (ranks == input.job.world.size) continue;
    const double ratio = static_cast<double>(ranks) / static_cast<double>(input.job.world.size) * (ranks > input.job.world.size ? rank_scaling : 1 / rank_scaling);
    rows.push_back({count_text(ranks, "GPU"), forecast_of(input, input.job.config, faster(input.pace, ratio)).time.likely_s, false});
  }
}

void add_data(const EstimateInput& input, std::vector<WhatIf>& rows) {
  for (const int factor : data_factors) {
    Pace pace = input.pace;
    pace.facts.train_samples *= factor;
    pace.facts.val_samples *= factor;
    rows.push_back({"data x" + std::to_string(factor), forecast_of(input, input.job.config, pace).time.likely_s, false});
  }
}

// As the config saves, where it does so by epochs.
FiguresReport policies(const EstimateInput& input, const RunForecast& run) {
  const CheckpointConfig& checkpoint = input.job.config.checkpoint;
  const auto epochs = std::max<std::int64_t>(1, run.work.length.total_steps / run.work.length.steps_per_epoch);
  FigureOptions options;
  options.checkpoint_size = std::to_string(run.disk.checkpoint_bytes) + "B";
  options.epochs = "5,10,20,50,100";
  options.save_top_k = checkpoint.save_top_k;
  options.save_last = checkpoint.save_last;
  options.every_n_epochs = checkpoint.every_n_epochs.value_or(1);
  options.log_size = std::to_string(run.disk.logs.sum() / static_cast<std::uint64_t>(epochs)) + "B";
  return report_of(options, "");
}

std::string range_text(const TimeEstimate& time) { return format_range(format_duration(time.low_s), format_duration(time.high_s)); }

std::string fits_text(const ConfigEstimate& estimate, const DiskEstimate& disk) {
  if (!estimate.free_bytes) return "";
  return disk.peak_bytes <= *estimate.free_bytes ? "yes" : "no";
}

std::string parts_table(const TimeEstimate& time) {
  TextTable table({"part", "low", "likely", "high"});
  for (const PartRow& row : part_rows(time))
    table.row({row.name, format_duration(row.time.low_s), format_duration(row.time.likely_s), format_duration(row.time.high_s)});
  table.row({"in all", format_duration(time.low_s), format_duration(time.likely_s), format_duration(time.high_s)});
  return table.text();
}

std::string disk_table(const ConfigEstimate& estimate, const Job& job) {
  const DiskEstimate& disk = estimate.run.disk;
  TextTable table({"on disk", "at the end", "at most"});
  const auto same = [&](const std::string& what, std::uint64_t bytes) { table.row({what, format_bytes(bytes), format_bytes(bytes)}); };
  const std::string count = std::to_string(disk.checkpoints) + (disk.checkpoints == 1 ? " checkpoint of " : " checkpoints of ");
  const auto range = [](std::uint64_t low_bytes, std::uint64_t high_bytes) { return format_range(format_bytes(low_bytes), format_bytes(high_bytes)); };
  const std::uint64_t logs = disk.logs.sum();
  table.row({count + format_bytes(disk.checkpoint_bytes), range(disk.final_low_bytes - logs, disk.final_bytes - logs), range(disk.peak_low_bytes - logs, disk.peak_bytes - logs)});
  same("TensorBoard", disk.logs.tensorboard);
  same("metrics.csv", disk.logs.metrics_csv);
  same("events.jsonl", disk.logs.events);
  table.row({"the run", range(disk.final_low_bytes, disk.final_bytes), range(disk.peak_low_bytes, disk.peak_bytes)});
  if (estimate.data_bytes) same("there already: data in " + job.config.data.root, *estimate.data_bytes);
  if (estimate.weights_bytes) same("there already: weights, " + *job.config.model.weights, *estimate.weights_bytes);
  return table.text();
}

}  // namespace

RunForecast forecast_of(const EstimateInput& input) { return forecast_of(input, input.job.config, input.pace); }

RunForecast forecast_of(const EstimateInput& input, const RunConfig& config, const Pace& pace) {
  return forecast_run(config, pace, input.done_steps, input.tuning_s, input.calibration);
}

std::map<std::int64_t, double> measured_ladder(const Job& job) {
  std::map<std::int64_t, double> ladder;
  const Choice* choice = job.plan.find("batch_size");
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
  add_batches(input, estimate.what_ifs);
  add_ranks(input, estimate.what_ifs);
  add_data(input, estimate.what_ifs);
  if (input.job.hardware.disk_free_bytes > 0) estimate.free_bytes = input.job.hardware.disk_free_bytes;
  return estimate;
}

Json to_json(const ConfigEstimate& estimate) {
  Json json = to_json(estimate.run);
  for (const ForecastRow& row : estimate.horizons) {
    const std::uint64_t logs = row.disk.logs.sum();
    Json each = to_json(row.time);
    each["label"] = row.label;
    each["checkpoint_bytes_low"] = each["checkpoint_bytes_high"] = row.disk.final_bytes - logs;
    each["checkpoint_bytes_peak"] = row.disk.peak_bytes - logs;
    each["disk_bytes_low"] = row.disk.final_bytes;
    each["disk_bytes_high"] = row.disk.peak_bytes;
    if (estimate.free_bytes) each["fits"] = row.disk.peak_bytes <= *estimate.free_bytes;
    json["horizons"].push_back(each);
  }
  json["what_if"] = Json::array();
  for (const WhatIf& what : estimate.what_ifs)
    json["what_if"].push_back({{"label", what.label}, {"likely_s", what.likely_s}, {"origin", what.measured ? "measured" : "modelled"}});
  json["disk"]["policies"] = to_json(estimate.policies, estimate.free_bytes)["horizons"];
  if (estimate.free_bytes) json["disk"]["free_bytes"] = *estimate.free_bytes;
  if (estimate.data_bytes) json["disk"]["data_bytes"] = *estimate.data_bytes;
  if (estimate.weights_bytes) json["disk"]["weights_bytes"] = *estimate.weights_bytes;
  return json;
}

std::string to_text(const ConfigEstimate& estimate, const Job& job) {
  const RunForecast& run = estimate.run;
  std::string text;
  text += parts_table(run.time) + "\n";
  const double rate = samples_per_s(run);
  text += "pace: " + format_count(rate) + " samples/s (" + format_count(rate * 3.6) + " kimg/h), " +
          format_milliseconds(run.pace.step.likely_s) + " a step; " + std::to_string(run.work.length.total_steps) + " steps of " +
          std::to_string(run.work.effective_batch) + " samples on " + std::to_string(job.world.size) +
          (job.world.size == 1 ? " rank" : " ranks") + "\n\n" + disk_table(estimate, job) + "\n";
  TextTable lengths({"run", "time", "likely", "checkpoints", "disk at most", "fits now"});
  for (const ForecastRow& row : estimate.horizons)
    lengths.row({row.label, range_text(row.time), format_duration(row.time.likely_s), std::to_string(row.disk.checkpoints),
                 format_bytes(row.disk.peak_bytes), fits_text(estimate, row.disk)});
  text += lengths.text();
  TextTable table({"what if", "likely", ""});
  for (const WhatIf& what : estimate.what_ifs)
    table.row({what.label, format_duration(what.likely_s), what.measured ? "measured" : "modelled"});
  const std::string others = table.text();
  return text + (others.empty() ? "" : "\n" + others) + "\n" + to_text(estimate.policies, estimate.free_bytes);
}

}  // namespace tlaunch
