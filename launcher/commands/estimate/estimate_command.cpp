#include "launcher/commands/estimate/estimate_command.h"

#include "base/error.h"
#include "estimate/deadline.h"
#include "hardware/disk.h"
#include "launcher/commands/estimate/config_output.h"
#include "launcher/commands/estimate/spreadsheet_output.h"
#include "launcher/estimate/estimate_input.h"
#include "launcher/estimate/history_file.h"
#include "launcher/narration/results.h"
#include "launcher/tune/tune_job.h"

namespace tlaunch {
namespace {

int from_figures(const EstimateCommand& command) {
  const Spreadsheet sheet = fill_in(figures_from(command.figures, command.deadline));
  const auto free_bytes = disk_info(".").free_bytes;
  print_results(command.json ? text_of(to_json(sheet, free_bytes), 2) + "\n" : to_text(sheet, free_bytes));
  return exit_code::ok;
}

int from_config(const EstimateCommand& command) {
  std::vector<std::int64_t> epochs;
  if (!command.horizons.empty()) epochs = parse_epochs("--horizons", command.horizons, 1'000'000);
  const double deadline_s = command.deadline.empty() ? 0 : parse_duration_s("--deadline", command.deadline);
  Progress progress(stderr, stderr_terminal());
  const auto [job, outcome] = tune_job(prepare_job({command.config, command.overrides}), {}, progress, nullptr);
  if (outcome.interrupted) return exit_code::interrupted;
  auto pace = outcome.pace;
  if (!pace) {
    const Rehearsal rehearsal = rehearse_job(job, "", progress, nullptr);
    if (rehearsal.interrupted) return exit_code::interrupted;
    pace = rehearsal.pace;
  }
  if (!pace)
    throw Error(exit_code::failure,
                "the steps of the job could not be measured; the line of the failed trial above says why");
  // The later run takes the plan from the cache and checks it by a trial, which takes as long as the one just made.
  const bool checks = job.loaded.config.tune.enabled && job.loaded.config.tune.cache && outcome.trials > 0;
  const double tuning_s = checks ? pace->start_s + pace->trial_s : job.loaded.config.tune.enabled ? outcome.seconds : 0;
  const auto calibration = calibration_from(job.config, *pace, 0, read_history(), job_fingerprint(job));
  const EstimateInput input = estimate_input(job, *pace, tuning_s, 0, calibration);
  ConfigEstimate estimate = estimate_config(input, epochs);
  if (!job.config.data.root.empty()) estimate.data_bytes = bytes_below(job.config.data.root);
  if (job.config.model.weights) estimate.weights_bytes = bytes_below(*job.config.model.weights);
  std::optional<DeadlineAnswer> answer;
  if (!command.deadline.empty()) answer = answer_deadline(input, estimate.run.time, deadline_s);
  if (command.json) {
    Json json = to_json(estimate);
    if (answer) json["deadline"] = to_json(*answer);
    print_results(text_of(json, 2) + "\n");
  } else {
    print_results(to_text(estimate, job) + (answer ? "\n" + to_text(*answer) : ""));
  }
  return exit_code::ok;
}

}  // namespace

int run_estimate(const EstimateCommand& command) {
  return command.config.empty() ? from_figures(command) : from_config(command);
}

}  // namespace tlaunch
