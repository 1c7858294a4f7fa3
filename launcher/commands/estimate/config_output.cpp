#include "launcher/commands/estimate/config_output.h"

#include <iterator>
#include <map>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "launcher/commands/estimate/spreadsheet_output.h"
#include "launcher/narration/text_table.h"

namespace tlaunch {
namespace {

std::string range_text(const TimeEstimate& time) {
  return format_range(format_duration(time.low_s), format_duration(time.high_s));
}

std::string fits_text(const ConfigEstimate& estimate, const DiskEstimate& disk) {
  if (!estimate.free_bytes) return "";
  return disk.peak_bytes <= *estimate.free_bytes ? "yes" : "no";
}

std::string parts_table(const TimeEstimate& time) {
  TextTable table({"part", "low", "likely", "high"});
  for (const PartRow& row : part_rows(time))
    table.row({row.name, format_duration(row.time.low_s), format_duration(row.time.likely_s),
               format_duration(row.time.high_s)});
  table.row({"in all", format_duration(time.low_s), format_duration(time.likely_s), format_duration(time.high_s)});
  return table.text();
}

// One row per micro-batch, one column per number of ranks.
std::string shared_steps_table(const ConfigEstimate& estimate, const Job& job) {
  std::set<std::int64_t> numbers;
  for (const SharedStep& step : estimate.shared_steps) numbers.insert(step.ranks);
  std::vector<std::string> head{"likely"};
  for (const std::int64_t ranks : numbers) head.push_back(format_number_of(ranks, job.world.on_gpu ? "GPU" : "rank"));
  std::map<std::int64_t, std::vector<std::string>> rows;
  for (const SharedStep& step : estimate.shared_steps) {
    std::vector<std::string>& row = rows.try_emplace(step.micro_batch, head.size(), "").first->second;
    row[0] = format_text("micro-batch {}", step.micro_batch);
    const auto column = std::distance(numbers.begin(), numbers.find(step.ranks)) + 1;
    row[static_cast<std::size_t>(column)] = (step.measured ? "" : "~ ") + format_duration(step.likely_s);
  }
  TextTable table(head);
  for (const auto& [micro_batch, row] : rows) table.row(row);
  const std::string note = numbers.size() > 1 ? "~ modelled, not measured here\n" : "";
  return table.text() + note;
}

std::string disk_table(const ConfigEstimate& estimate, const Job& job) {
  const DiskEstimate& disk = estimate.run.disk;
  TextTable table({"on disk", "at the end", "at most"});
  const auto same = [&](const std::string& what, std::uint64_t bytes) {
    table.row({what, format_bytes(bytes), format_bytes(bytes)});
  };
  std::string checkpoints =
      format_text("{} of {}", format_number_of(disk.checkpoints, "checkpoint"), format_bytes(disk.checkpoint_bytes));
  if (disk.checkpoints > 1)
    checkpoints += format_text(", one every {}", format_duration(save_interval_s(estimate.run)));
  const auto range = [](std::uint64_t low_bytes, std::uint64_t high_bytes) {
    return format_range(format_bytes(low_bytes), format_bytes(high_bytes));
  };
  const std::uint64_t logs = disk.logs.sum();
  table.row({checkpoints, range(disk.final_low_bytes - logs, disk.final_bytes - logs),
             range(disk.peak_low_bytes - logs, disk.peak_bytes - logs)});
  same("TensorBoard", disk.logs.tensorboard);
  same("metrics.csv", disk.logs.metrics_csv);
  same("events.jsonl", disk.logs.events);
  same("config, plan, summary", disk.logs.other);
  table.row({"the run", range(disk.final_low_bytes, disk.final_bytes), range(disk.peak_low_bytes, disk.peak_bytes)});
  if (estimate.data_bytes) same("already there: data in " + job.config.data.root, *estimate.data_bytes);
  if (estimate.weights_bytes) same("already there: weights, " + *job.config.model.weights, *estimate.weights_bytes);
  return table.text();
}

// kimg counts images, so it does not apply to other samples such as windows of a log.
std::string hourly(const Job& job, double samples_per_s) {
  const ModelDescription* model = job.worker.model(job.loaded.config.model.name);
  if (model && model->sample_kind == "image") return format_count(samples_per_s * 3.6) + " kimg/h";
  return format_count(samples_per_s * 3600) + " samples/h";
}

}  // namespace

Json to_json(const ConfigEstimate& estimate) {
  Json json = to_json(estimate.run);
  for (const ForecastRow& row : estimate.horizons) {
    const std::uint64_t logs = row.disk.logs.sum();
    Json each = to_json(row.time);
    each["label"] = row.label;
    each["checkpoint_bytes_low"] = row.disk.final_low_bytes - logs;
    each["checkpoint_bytes_high"] = row.disk.final_bytes - logs;
    each["checkpoint_bytes_peak"] = row.disk.peak_bytes - logs;
    each["disk_bytes_low"] = row.disk.final_low_bytes;
    each["disk_bytes_high"] = row.disk.final_bytes;
    each["disk_bytes_peak"] = row.disk.peak_bytes;
    if (estimate.free_bytes) each["fits"] = row.disk.peak_bytes <= *estimate.free_bytes;
    json["horizons"].push_back(each);
  }
  json["what_if"] = Json::array();
  for (const SharedStep& step : estimate.shared_steps)
    json["what_if"].push_back(
        {{"label", format_text("micro-batch {}, {}", step.micro_batch, format_number_of(step.ranks, "rank"))},
         {"micro_batch", step.micro_batch},
         {"ranks", step.ranks},
         {"likely_s", step.likely_s},
         {"origin", step.measured ? "measured" : "modelled"}});
  for (const WhatIf& what : estimate.more_data)
    json["what_if"].push_back({{"label", what.label}, {"likely_s", what.likely_s}, {"origin", "modelled"}});
  json["disk"]["policies"] = to_json(estimate.policies, estimate.free_bytes)["horizons"];
  if (estimate.free_bytes) json["disk"]["free_bytes"] = *estimate.free_bytes;
  if (estimate.data_bytes) json["disk"]["data_bytes"] = *estimate.data_bytes;
  if (estimate.weights_bytes) json["disk"]["weights_bytes"] = *estimate.weights_bytes;
  return json;
}

std::string to_text(const ConfigEstimate& estimate, const Job& job) {
  const RunForecast& run = estimate.run;
  std::string text = parts_table(run.time) + "\n";
  const double rate = samples_per_s(run);
  text += format_text("pace: {} samples/s ({}), {} per step; {} steps of {} samples on {}\n\n", format_count(rate),
                      hourly(job, rate), format_milliseconds(run.pace.step.likely_s), run.length.total_steps,
                      run.effective_batch_size, format_number_of(job.world.size, "rank"));
  text += disk_table(estimate, job) + "\n";
  TextTable lengths({"run", "time", "likely", "checkpoints", "disk at most", "fits now"});
  for (const ForecastRow& row : estimate.horizons)
    lengths.row({row.label, range_text(row.time), format_duration(row.time.likely_s),
                 std::to_string(row.disk.checkpoints), format_bytes(row.disk.peak_bytes),
                 fits_text(estimate, row.disk)});
  text += lengths.text();
  if (estimate.shared_steps.size() > 1) text += "\n" + shared_steps_table(estimate, job);
  TextTable data({"what if (modelled)", "likely"});
  for (const WhatIf& what : estimate.more_data) data.row({what.label, format_duration(what.likely_s)});
  return text + "\n" + data.text() + "\n" + to_text(estimate.policies, estimate.free_bytes);
}

}  // namespace tlaunch
