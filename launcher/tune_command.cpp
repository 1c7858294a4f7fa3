#include "launcher/tune_command.h"

#include <cstdio>

#include "core/error.h"
#include "core/event.h"
#include "core/units.h"
#include "hardware/known_card.h"
#include "launcher/plan_table.h"
#include "launcher/trial_group.h"
#include "launcher/tune_job.h"
#include "tuning/card_prediction.h"
#include "tuning/memory_budget.h"

namespace tlaunch {
namespace {

std::string memory_text(const TuneOutcome& outcome) {
  if (outcome.measured_peak_bytes == 0) return "";
  return "memory of a rank: " + format_bytes(outcome.measured_peak_bytes) + " measured, " +
         format_bytes(outcome.predicted_peak_bytes) + " predicted, " + format_bytes(outcome.budget_bytes) + " allowed\n";
}

void show(const TuneCommand& command, const TuneOutcome& outcome) {
  if (command.json) {
    std::fputs((to_json(outcome).dump(2) + "\n").c_str(), stdout);
    return;
  }
  std::string text = plan_table(outcome.plan) + memory_text(outcome);
  if (outcome.samples_per_s > 0) text += "pace: " + format_count(outcome.samples_per_s) + " samples/s\n";
  std::fputs(text.c_str(), stdout);
}

// What a sample needs is measured on this machine, in float32 and on one rank.
TuneOutcome for_other_card(const TuneCommand& command) {
  const GpuInfo card = known_card(command.gpu);
  Progress progress(stderr, stderr_terminal());
  Job job = prepare_job({command.config, command.overrides, "1", ""});
  const double start_s = unix_time_s();
  const JobShape shape{job.worker.model(job.config.model.name)->sample_kind, job.world.on_gpu, 1};
  TuneOutcome outcome;
  progress.line("tuning: measuring here what a sample needs, for " + card.name);
  TrialGroup runner(job, "");
  const auto demand = measure_demand(
      {job.loaded.config, job.hardware, shape, job.plan, memory_budget_bytes(job.hardware, shape, {}), {}, true}, runner,
      {[&](const TrialSpec&, const TrialResult& result, const std::string& why) {
         ++outcome.trials;
         progress.line("  " + why + ": " + (result.outcome == TrialOutcome::ok ? format_bytes(result.peak_bytes) : to_string(result.outcome)));
       },
       {}});
  const auto prediction = predict_for_card(job.loaded.config, card, shape.sample_kind, demand.line, demand.parameters);
  outcome.plan = prediction.plan;
  outcome.predicted_peak_bytes = prediction.peak_bytes;
  outcome.budget_bytes = prediction.budget_bytes;
  outcome.seconds = unix_time_s() - start_s;
  return outcome;
}

}  // namespace

int run_tune(const TuneCommand& command) {
  if (!command.gpu.empty()) {
    show(command, for_other_card(command));
    return exit_code::ok;
  }
  Progress progress(stderr, stderr_terminal());
  Job job = prepare_job({command.config, command.overrides, command.nproc, ""});
  const TuneOutcome outcome = tune_job(job, {command.retune, true, ""}, progress, nullptr);
  show(command, outcome);
  return outcome.interrupted ? exit_code::interrupted : exit_code::ok;
}

}  // namespace tlaunch
