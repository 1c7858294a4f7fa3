#include "estimate/run_forecast.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace tlaunch {
namespace {

constexpr double noticed_share = 0.01;

struct PartName {
  const char* key;
  const char* text;
};
constexpr PartName parts_in_order[] = {{"tuning", "tuning"},         {"start_up", "start-up"},
                                       {"steps", "steps"},           {"data_wait", "waiting for data"},
                                       {"evaluation", "evaluation"}, {"checkpoints", "checkpoints"},
                                       {"finish", "finish"}};

}  // namespace

RunForecast forecast_run(const RunConfig& config, const Pace& pace, std::int64_t done_steps, double tuning_s,
                         const Calibration& calibration) {
  RunForecast made;
  made.pace = pace;
  made.length = length_of(config, pace.facts.train_samples);
  made.effective_batch_size = config.train.effective_batch_size.value();
  made.work = work_of(config, made.length, done_steps, pace.step.likely_s);
  const Costs costs = costs_from_rehearsal(pace, config, made.work);
  made.rehearsed = estimate_time(made.work, costs);
  made.time = with_part(calibrate(made.rehearsed, calibration), "tuning", exactly(tuning_s));
  made.disk = estimate_disk(config, made.work, costs.save_bytes);
  return made;
}

Calibration calibration_from(const RunConfig& config, const Pace& pace, std::int64_t done_steps,
                             const RunHistory& history, const std::string& job) {
  const RunForecast plain = forecast_run(config, pace, done_steps, 0, {});
  return calibration_from(plain.rehearsed, amounts_of(plain.work), history, job);
}

RunOutcome outcome_of(const std::string& job, const RunForecast& forecast, const std::map<std::string, double>& spent) {
  RunOutcome outcome;
  outcome.job = job;
  outcome.estimated_s = forecast.time.likely_s - forecast.time.parts.at("tuning").likely_s;
  const auto amounts = amounts_of(forecast.work);
  for (const auto& [part, seconds] : spent) {
    if (part == "tuning") continue;
    outcome.actual_s += seconds;
    const auto rehearsed = forecast.rehearsed.parts.find(part);
    if (const auto work = amounts.find(part); work != amounts.end() && rehearsed != forecast.rehearsed.parts.end())
      outcome.parts[part] = {rehearsed->second.likely_s, seconds, work->second};
  }
  return outcome;
}

double save_interval_s(const RunForecast& forecast) {
  const auto saves = std::max<std::int64_t>(1, forecast.work.saves);
  return forecast.time.likely_s / static_cast<double>(saves);
}

double samples_per_s(const RunForecast& forecast) {
  return static_cast<double>(forecast.effective_batch_size) / forecast.pace.step.likely_s;
}

RunOutcome outcome_of_steps(const std::string& job, const RunForecast& forecast,
                            const std::map<std::string, double>& spent, std::int64_t steps) {
  RunOutcome outcome = outcome_of(job, forecast, spent);
  outcome.estimated_s = outcome.actual_s = 0;
  std::erase_if(outcome.parts, [](const auto& part) { return part.first != "steps" && part.first != "data_wait"; });
  for (auto& [name, part] : outcome.parts) {
    part.rehearsed_s *= static_cast<double>(steps) / part.units;
    part.units = static_cast<double>(steps);
  }
  return outcome;
}

std::vector<PartRow> part_rows(const TimeEstimate& time) {
  std::vector<PartRow> rows;
  for (const PartName& name : parts_in_order)
    if (const auto part = time.parts.find(name.key); part != time.parts.end())
      rows.push_back({name.text, part->second});
  return rows;
}

std::string parts_text(const std::map<std::string, double>& parts) {
  double all_s = 0;
  for (const auto& [part, seconds] : parts) all_s += seconds;
  std::vector<std::string> texts;
  for (const PartName& name : parts_in_order) {
    const auto part = parts.find(name.key);
    if (part == parts.end() || part->second < noticed_share * all_s) continue;
    texts.push_back(format_text("{} {}", name.text, format_duration(part->second)));
  }
  return joined(texts, ", ");
}

std::vector<std::string> forecast_lines(const RunForecast& forecast) {
  const TimeEstimate& time = forecast.time;
  const DiskEstimate& disk = forecast.disk;
  const std::string interval =
      disk.checkpoints > 1 ? format_text(", one every {}", format_duration(save_interval_s(forecast))) : "";
  return {format_text("time estimate: {} in all ({} to {}): {}", format_duration(time.likely_s),
                      format_duration(time.low_s), format_duration(time.high_s), parts_text(likely_parts(time))),
          format_text("disk estimate: {} at most, {} at the end; {} of {}{}",
                      format_range(format_bytes(disk.peak_low_bytes), format_bytes(disk.peak_bytes)),
                      format_range(format_bytes(disk.final_low_bytes), format_bytes(disk.final_bytes)),
                      format_number_of(disk.checkpoints, "checkpoint"), format_bytes(disk.checkpoint_bytes), interval)};
}

Json to_json(const RunForecast& forecast) {
  const double rate = samples_per_s(forecast);
  return {{"time", to_json(forecast.time)},
          {"throughput",
           {{"samples_per_s", rate}, {"kimg_per_h", rate * 3.6}, {"steps_per_s", 1 / forecast.pace.step.likely_s}}},
          {"disk",
           {{"peak_bytes", forecast.disk.peak_bytes},
            {"peak_low_bytes", forecast.disk.peak_low_bytes},
            {"final_bytes", forecast.disk.final_bytes},
            {"final_low_bytes", forecast.disk.final_low_bytes},
            {"log_bytes", forecast.disk.logs.sum()},
            {"metrics_csv_bytes", forecast.disk.logs.metrics_csv},
            {"tensorboard_bytes", forecast.disk.logs.tensorboard},
            {"event_bytes", forecast.disk.logs.events},
            {"other_bytes", forecast.disk.logs.other}}},
          {"checkpoints",
           {{"count", forecast.disk.checkpoints},
            {"interval_s", save_interval_s(forecast)},
            {"bytes_each", forecast.disk.checkpoint_bytes}}},
          {"run",
           {{"steps", forecast.work.steps},
            {"steps_per_epoch", forecast.length.steps_per_epoch},
            {"total_steps", forecast.length.total_steps},
            {"evaluations", forecast.work.evaluations},
            {"effective_batch_size", forecast.effective_batch_size}}},
          {"remaining_s", forecast.time.likely_s}};
}

}  // namespace tlaunch
