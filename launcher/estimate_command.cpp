#include "launcher/estimate_command.h"

#include <cstdio>

#include "core/error.h"
#include "hardware/disk.h"
#include "launcher/config_estimate.h"
#include "launcher/history_file.h"
#include "launcher/tune_job.h"
#include "launcher/whole_number.h"

namespace tlaunch {
namespace {

int from_figures(const EstimateCommand& command) {
  const FiguresReport report = report_of(command.figures);
  const auto free_bytes = disk_info(".").free_bytes;
  const std::string text = command.json ? to_json(report, free_bytes).dump(2) + "\n" : to_text(report, free_bytes);
  std::fputs(text.c_str(), stdout);
  return exit_code::ok;
}

std::vector<std::int64_t> horizons_of(const std::string& text) {
  std::vector<std::int64_t> epochs;
  if (text.empty()) return epochs;
  for (const std::string& item : parse_list("--horizons", text)) {
    const auto count = whole_number(item, 1, 1'000'000);
    if (!count) throw UsageError("--horizons " + text + ": numbers of epochs are needed, as 5,10,20");
    epochs.push_back(*count);
  }
  return epochs;
}

int from_config(const EstimateCommand& command) {
  const auto epochs = horizons_of(command.horizons);
  Progress progress(stderr, stderr_terminal());
  Job job = prepare_job({command.config, command.overrides, command.nproc, ""});
  const TuneOutcome outcome = tune_job(job, {}, progress, nullptr);
  if (outcome.interrupted) return exit_code::interrupted;
  auto pace = outcome.pace;
  if (!pace) pace = rehearse_job(job, "", progress, nullptr);
  if (!pace) throw Error(exit_code::failure, "the job's steps could not be measured; the trial above says why");
  // The run to come finds the plan in the cache, and checks it by a trial as long as this one's.
  const bool checks = job.loaded.config.tune.enabled && job.loaded.config.tune.cache && outcome.trials > 0;
  const double tuning_s = checks ? pace->start_s + pace->trial_s : job.loaded.config.tune.enabled ? outcome.seconds : 0;
  const ConfigEstimate estimate =
      estimate_config({job, *pace, tuning_s, read_history(), job_fingerprint(job)}, epochs);
  const std::string text = command.json ? to_json(estimate).dump(2) + "\n" : to_text(estimate, job);
  std::fputs(text.c_str(), stdout);
  return exit_code::ok;
}

}  // namespace

int run_estimate(const EstimateCommand& command) {
  return command.config.empty() ? from_figures(command) : from_config(command);
}

}  // namespace tlaunch
