#include "launcher/commands/estimate/spreadsheet_output.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "launcher/narration/text_table.h"

namespace tlaunch {
namespace {

void put(Json& json, const TimeRange& time) {
  json["low_s"] = time.low_s;
  json["likely_s"] = time.likely_s;
  json["high_s"] = time.high_s;
}

Json sizes(const SizeRange& range) { return {{"low", range.low}, {"high", range.high}, {"peak", range.peak}}; }

std::uint64_t needed(const Horizon& horizon) { return horizon.disk->kept.peak + horizon.disk->other_bytes; }

std::string range_text(double low_s, double high_s) {
  return format_range(format_duration(low_s), format_duration(high_s));
}

std::string size_text(const SizeRange& range, std::uint64_t more = 0) {
  return format_range(format_bytes(range.low + more), format_bytes(range.high + more));
}

std::string advice_text(const PolicyAdvice& advice) {
  const std::string epochs = advice.every_n_epochs == 1 ? "epoch" : format_text("{} epochs", advice.every_n_epochs);
  return format_text("the best {}, saved every {}{}", advice.save_top_k, epochs,
                     advice.save_last ? ", and the last" : "");
}

std::string times(const Spreadsheet& sheet) {
  TextTable table({"run", "time, from the best to the worst case", "likely", "checkpoints"});
  for (const Horizon& horizon : sheet.horizons) {
    if (!horizon.time) continue;
    std::string saves;
    if (horizon.saves) {
      saves = std::to_string(horizon.saves->count);
      if (const auto& interval = horizon.saves->interval)
        saves += format_text(", one every {}", range_text(interval->low_s, interval->high_s));
    }
    table.row({horizon.label, range_text(horizon.time->low_s, horizon.time->high_s),
               format_duration(horizon.time->likely_s), saves});
  }
  return table.text();
}

std::string disks(const Spreadsheet& sheet, std::optional<std::uint64_t> free_bytes) {
  TextTable table({"run", "as asked", "all", "advised", "the newest alone", "with model, data, logs", "fits now"});
  for (const Horizon& horizon : sheet.horizons) {
    if (!horizon.disk) continue;
    const DiskFigures& disk = *horizon.disk;
    const std::string fits = !free_bytes ? "" : needed(horizon) <= *free_bytes ? "yes" : "no";
    table.row({horizon.label, size_text(disk.kept), size_text(disk.all),
               format_text("{} ({})", size_text(disk.advised), advice_text(disk.advice)), size_text(disk.least),
               size_text(disk.kept, disk.other_bytes), fits});
  }
  std::string text = table.text();
  if (!text.empty()) text += "While a checkpoint is written, the disk holds one more than this.";
  if (!text.empty() && free_bytes) text += format_text(" Free here: {}.", format_bytes(*free_bytes));
  return text.empty() ? "" : text + "\n";
}

std::string more_data(const Spreadsheet& sheet) {
  TextTable table({"run", "data x1", "x2", "x4", "x10"});
  for (const Horizon& horizon : sheet.horizons) {
    if (horizon.more_data.empty()) continue;
    std::vector<std::string> cells{horizon.label};
    for (const auto& [factor, time] : horizon.more_data) cells.push_back(format_duration(time.likely_s));
    table.row(cells);
  }
  const std::string text = table.text();
  return text.empty() ? "" : text + "The size of the checkpoints does not depend on the size of the data.\n";
}

std::string phases(const Spreadsheet& sheet) {
  TextTable table({"phase", "time"});
  for (const Phase& phase : sheet.phases)
    table.row({format_text("{} to {} samples", format_count(phase.begin), format_count(phase.end)),
               range_text(phase.time.low_s, phase.time.high_s)});
  return table.text();
}

std::string deadline(const Spreadsheet& sheet) {
  if (!sheet.deadline_s) return "";
  const std::string head = format_text("deadline {}: ", format_duration(*sheet.deadline_s));
  if (sheet.rules.empty()) return head + "reached without changes\n";
  std::string text = head + "missed without changes; changes that helped other teams (modelled, not measured here):\n";
  const char* joint = "  ";
  for (const RuleStep& step : sheet.rules) {
    const std::string before = step.condition.empty() ? joint : format_text("  if {}: ", step.condition);
    if (step.condition.empty()) joint = "  and ";
    const char* reached = step.reaches ? ", reached" : step.may_reach ? ", perhaps reached" : "";
    text += format_text("{}{}: {}{}\n", before, step.change, range_text(step.time.low_s, step.time.high_s), reached);
  }
  if (sheet.least_s > *sheet.deadline_s)
    text += format_text("  not reachable: at least {} with all of these\n", format_duration(sheet.least_s));
  return text;
}

}  // namespace

Json to_json(const Spreadsheet& sheet, std::optional<std::uint64_t> free_bytes) {
  Json json = Json::object();
  Json horizons = Json::array();
  for (const Horizon& horizon : sheet.horizons) {
    Json row = {{"label", horizon.label}};
    if (horizon.time) put(row, *horizon.time);
    if (horizon.saves) row["checkpoints"] = horizon.saves->count;
    if (const auto& disk = horizon.disk) {
      row["checkpoint_bytes_low"] = disk->kept.low;
      row["checkpoint_bytes_high"] = disk->kept.high;
      row["checkpoint_bytes_peak"] = disk->kept.peak;
      row["disk_bytes_low"] = disk->kept.low + disk->other_bytes;
      row["disk_bytes_high"] = disk->kept.high + disk->other_bytes;
      row["disk_bytes_peak"] = needed(horizon);
      row["policies"] = {{"all", sizes(disk->all)}, {"advised", sizes(disk->advised)}, {"least", sizes(disk->least)}};
      row["advice"] = {{"save_top_k", disk->advice.save_top_k},
                       {"every_n_epochs", disk->advice.every_n_epochs},
                       {"save_last", disk->advice.save_last}};
      if (free_bytes) row["fits"] = needed(horizon) <= *free_bytes;
    }
    for (const auto& [factor, time] : horizon.more_data) {
      Json more = {{"factor", factor}};
      put(more, time);
      row["more_data"].push_back(more);
    }
    horizons.push_back(row);
  }
  if (!sheet.horizons.empty()) json["horizons"] = horizons;
  // The first horizon again at the top level: scripts that ask for one horizon read it there.
  if (!sheet.horizons.empty() && sheet.horizons.front().saves) {
    const SaveSpacing& saves = *sheet.horizons.front().saves;
    json["checkpoints"] = {{"count", saves.count}};
    if (saves.interval)
      json["checkpoints"].update({{"interval_s", saves.interval->likely_s},
                                  {"interval_low_s", saves.interval->low_s},
                                  {"interval_high_s", saves.interval->high_s}});
  }
  for (const Phase& phase : sheet.phases) {
    Json row = {{"begin_samples", phase.begin}, {"end_samples", phase.end}};
    put(row, phase.time);
    json["phases"].push_back(row);
  }
  if (sheet.step_time_s) json["step_time_s"] = sheet.step_time_s->middle();
  if (sheet.remaining) {
    json["remaining_steps"] = *sheet.remaining_steps;
    json["remaining_s"] = sheet.remaining->likely_s;
    json["remaining_low_s"] = sheet.remaining->low_s;
    json["remaining_high_s"] = sheet.remaining->high_s;
  }
  if (sheet.deadline_s) {
    Json steps = Json::array();
    for (const RuleStep& step : sheet.rules) {
      Json each = {
          {"change", step.change}, {"reaches", step.reaches}, {"may_reach", step.may_reach}, {"origin", "modelled"}};
      if (!step.condition.empty()) each["condition"] = step.condition;
      put(each, step.time);
      steps.push_back(each);
    }
    json["deadline"] = {{"deadline_s", *sheet.deadline_s}, {"reached", sheet.rules.empty()}, {"changes", steps}};
  }
  if (free_bytes) json["free_bytes"] = *free_bytes;
  return json;
}

std::string to_text(const Spreadsheet& sheet, std::optional<std::uint64_t> free_bytes) {
  std::string text;
  for (const std::string& part : {times(sheet), phases(sheet), more_data(sheet), disks(sheet, free_bytes)}) {
    if (!part.empty()) text += (text.empty() ? "" : "\n") + part;
  }
  if (sheet.remaining)
    text += format_text("{}{} steps remain: {} ({} per step)\n", text.empty() ? "" : "\n", *sheet.remaining_steps,
                        range_text(sheet.remaining->low_s, sheet.remaining->high_s),
                        format_milliseconds(sheet.step_time_s->middle()));
  return text + deadline(sheet);
}

}  // namespace tlaunch
