#include "launcher/run/summary.h"

#include <algorithm>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "estimate/run_forecast.h"
#include "processes/group/failure.h"

namespace tlaunch {
namespace {

constexpr const char* to_continue = "to continue, run the same command with --resume auto";
constexpr double long_enough_s = 10;  // for shares of the time that mean something

// The steps trained by this command; steps repeated after a restart count once.
std::int64_t own_steps(const RunSummary& summary) {
  return std::max<std::int64_t>(0, summary.record.step - summary.began_step.value_or(0));
}

}  // namespace

std::string stopped_by(const GroupResult& group) {
  if (group.out_of_time) return "max_time";
  return group.interrupted_by == 0 ? "" : std::string("SIG") + ::sigabbrev_np(group.interrupted_by);
}

namespace {

void take_failure(RunSummary& summary, const GroupResult& group) {
  summary.failure = group.failure;
  if (group.failure) summary.failure_message = group.failure->summary_message;
}

}  // namespace

void settle(RunSummary& summary, const GroupResult& group) {
  summary.exit_code = group.exit_code;
  if (group.exit_code == exit_code::ok) {
    summary.status = "completed";
  } else if (group.hung) {
    summary.status = "hung";
    take_failure(summary, group);
  } else if (group.interrupted_by != 0 && !group.failure) {
    summary.status = group.exit_code == exit_code::preempted ? "preempted" : "interrupted";
    summary.stopped_by = stopped_by(group);
  } else {
    summary.status = "failed";
    take_failure(summary, group);
  }
}

std::string reason_of(const RunSummary& summary) {
  if (summary.smoke && summary.status != "interrupted") return summary.smoke->passed ? "" : "the smoke test failed";
  if (!summary.stopped_by.empty()) return summary.stopped_by;
  if (summary.status == "completed")
    return summary.record.end && summary.record.end->stopped_early ? "early_stopping" : "";
  if (summary.failure && summary.failure->rank && summary.failure->cause != summary.failure_message)
    return joined({format_text("rank {}: {}", *summary.failure->rank, summary.failure->cause), summary.failure_message},
                  ": ");
  return summary.failure_message;
}

Json to_json(const SmokeVerdict& verdict) {
  Json findings = Json::array();
  for (const Finding& finding : verdict.findings)
    findings.push_back({{"check", finding.check}, {"passed", finding.passed}, {"detail", finding.detail}});
  return {{"verdict", verdict.passed ? "passed" : "failed"}, {"findings", findings}};
}

Json to_json(const RunSummary& summary) {
  Json metrics = Json::object();
  for (const auto& [name, value] : summary.record.metrics) metrics[name] = value;
  Json json = {{"status", summary.status},          {"exit_code", summary.exit_code},
               {"run_dir", summary.run_dir},        {"config", summary.config},
               {"epochs", summary.record.epoch},    {"steps", summary.record.step},
               {"samples", summary.record.samples}, {"wall_s", summary.wall_s},
               {"restarts", summary.restarts},      {"metrics", metrics}};
  if (const std::string reason = reason_of(summary); !reason.empty()) json["reason"] = reason;
  if (!summary.incomplete_logs.empty()) json["lost"] = summary.incomplete_logs;
  if (!summary.resumed_from.empty()) json["resumed_from"] = summary.resumed_from;
  if (summary.estimate) json["estimate"] = to_json(*summary.estimate);
  const double rate = summary.record.end ? summary.record.end->steady_samples_per_s : summary.record.samples_per_s;
  json["actual"] = {{"samples_per_s", rate}, {"wall_s", summary.wall_s}, {"parts", summary.spent}};
  if (summary.began_step &&
      summary.record.start) {  // of this command, like its time; the counts above are of the whole run
    json["actual"]["start_step"] = *summary.began_step;
    json["actual"]["steps"] = own_steps(summary);
    json["actual"]["samples"] = own_steps(summary) * summary.record.start->effective_batch_size;
  }
  if (!summary.training.ranks().empty()) json["actual"]["training"] = to_json(summary.training, summary.slow_findings);
  if (summary.record.disk_estimate_bytes > 0) json["estimate"]["disk_peak_bytes"] = summary.record.disk_estimate_bytes;
  if (summary.record.checkpoint_peak_bytes > 0)
    json["actual"]["disk_peak_bytes"] = summary.record.checkpoint_peak_bytes + summary.log_bytes;
  if (summary.record.peak_bytes > 0) json["actual"]["peak_bytes"] = summary.record.peak_bytes;
  if (summary.failure) {
    json["failure"] = to_json(*summary.failure);
  } else if (!summary.failure_message.empty()) {  // an error of the launcher
    json["failure"] = {{"rank", nullptr}, {"cause", "launcher"}, {"signal", 0}, {"message", summary.failure_message}};
  }
  if (summary.smoke) json["smoke"] = to_json(*summary.smoke);
  return without_nonfinite(std::move(json));
}

std::vector<std::string> closing_lines(const RunSummary& summary) {
  std::vector<std::string> lines;
  const RunRecord& record = summary.record;
  std::string status = format_text("{} after {}", summary.status, format_duration(summary.wall_s));
  const bool resumed = summary.began_step.value_or(0) > 0;
  if (record.start && resumed && own_steps(summary) == 0)
    status += ": nothing was left to train";
  else if (record.start && resumed)
    status += format_text(": {} after the first {}", format_number_of(own_steps(summary), "step"), *summary.began_step);
  if (record.start)
    status += format_text("{} {}, {} steps", resumed ? "; in all" : ":", format_number_of(record.epoch, "epoch"),
                          record.step);
  if (record.end && record.end->stopped_early) status += " (stopped early: no further improvement)";
  if (record.end && record.end->steady_samples_per_s > 0)
    status += format_text(", {} samples/s", format_count(record.end->steady_samples_per_s));
  lines.push_back(status);
  if (record.stopped) lines.push_back(format_text("saved at step {}; {}", record.step, to_continue));
  if (summary.failure) {
    const auto report = failure_report(*summary.failure, true);
    lines.insert(lines.end(), report.begin(), report.end());
  }
  if (!record.stopped && summary.newest_checkpoint_step)
    lines.push_back(
        format_text("the newest checkpoint is of step {}; {}", *summary.newest_checkpoint_step, to_continue));
  const bool was_stopped = summary.status == "preempted" || summary.status == "interrupted";
  if (was_stopped && !record.stopped && !summary.newest_checkpoint_step) lines.push_back("no checkpoint was saved");
  std::vector<std::string> metrics;
  for (const auto& [name, value] : record.metrics) metrics.push_back(format_text("{} {:.4g}", name, value));
  if (!metrics.empty()) lines.push_back(joined(metrics, "  "));
  if (summary.estimate && summary.status == "completed" && summary.estimate->likely_s > 0) {
    const double likely_s = summary.estimate->likely_s;
    lines.push_back(format_text("time{}: {}; estimated at the start: {} ({:+.0f} %)",
                                resumed ? format_text(" since step {}", *summary.began_step) : "",
                                format_duration(summary.wall_s), format_duration(likely_s),
                                100 * (summary.wall_s / likely_s - 1)));
    lines.push_back("  spent on: " + parts_text(summary.spent));
    lines.push_back("  estimate: " + parts_text(likely_parts(*summary.estimate)));
  }
  if (const std::string shares = shares_text(summary.training.seconds());
      summary.wall_s >= long_enough_s && !shares.empty()) {
    lines.push_back("training: " + shares);
    for (const std::string& finding : summary.slow_findings) lines.push_back("  " + finding);
  }
  const std::vector<std::string> incomplete(summary.incomplete_logs.begin(), summary.incomplete_logs.end());
  if (!incomplete.empty())
    lines.push_back(format_text("warning: these files are incomplete, because they could not be written: {}",
                                joined(incomplete, ", ")));
  lines.push_back("run folder: " + summary.run_dir);
  return lines;
}

void write_summary(const RunSummary& summary) {
  write_file_atomically(summary.run_dir + "/summary.json", text_of(to_json(summary), 2) + "\n");
}

}  // namespace tlaunch
