#include "launcher/commands/tune/tune_command.h"

#include <ctime>
#include <filesystem>
#include <optional>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "config/yaml/yaml_edit.h"
#include "config/yaml/yaml_note.h"
#include "hardware/gpu/known_card.h"
#include "launcher/commands/tune/config_backup.h"
#include "launcher/commands/tune/plan_table.h"
#include "launcher/narration/results.h"
#include "launcher/run/run_folder.h"
#include "launcher/tune/team_plan.h"
#include "launcher/tune/trial_group.h"
#include "launcher/tune/tune_job.h"
#include "processes/group/this_machine.h"
#include "tuning/card_prediction.h"
#include "tuning/memory_budget.h"

namespace tlaunch {
namespace {

std::string memory_text(const TuneOutcome& outcome) {
  if (outcome.measured_peak_bytes == 0) return "";
  const std::string predicted =
      outcome.predicted_peak_bytes > 0 ? format_bytes(outcome.predicted_peak_bytes) + " predicted, " : "";
  return format_text("memory per rank: {} measured, {}{} allowed\n", format_bytes(outcome.measured_peak_bytes),
                     predicted, format_bytes(outcome.budget_bytes));
}

// The object of docs/command-line.md, in which the keys of the plan have their short names.
Json documented_json(const TuneOutcome& outcome) {
  Json json = to_json(outcome), plan = Json::object();
  for (const auto& [key, choice] : json.at("plan").items()) plan[short_name(key)] = choice;
  json["plan"] = plan;
  json.erase("format");
  return json;
}

void show(const TuneCommand& command, const TuneOutcome& outcome) {
  if (command.json) {
    print_results(text_of(documented_json(outcome), 2) + "\n");
    return;
  }
  std::string text = plan_table(outcome.plan) + memory_text(outcome);
  if (outcome.samples_per_s > 0)
    text +=
        format_text("pace with this plan: {} samples/s of all ranks together\n", format_count(outcome.samples_per_s));
  print_results(text);
}

// Measures the memory per sample on this machine, in float32 and on one rank, and predicts for the other card.
TuneOutcome for_other_card(const TuneCommand& command) {
  const GpuInfo card = known_card(command.gpu);
  Progress progress(stderr, stderr_terminal());
  std::vector<std::string> overrides = command.overrides;
  overrides.push_back("launch.nproc=1");
  const Job job = prepare_job({command.config, overrides});
  const double start_s = unix_time_s();
  const JobShape shape = shape_of(job);
  TuneOutcome outcome;
  progress.line(format_text("tuning: measuring the memory per sample here, for {}", card.name));
  TrialGroup runner(job, "");
  const auto demand = measure_demand(
      {job.loaded.config, job.hardware, shape, job.plan, memory_budget_bytes(job.hardware, shape, {}), {}, true},
      runner,
      {[&](const TrialSpec&, const TrialResult& result, const std::string& why) {
         ++outcome.trials;
         const std::string found =
             result.outcome == TrialOutcome::ok ? format_bytes(result.peak_bytes) : to_string(result.outcome);
         progress.line(format_text("  {}: {}", why, found));
       },
       {}});
  const auto prediction =
      predict_for_card(job.loaded.config, card, shape.sample_kind, demand.line, demand.parameters, job.hardware.cpu);
  outcome.plan = prediction.plan;
  outcome.predicted_peak_bytes = prediction.peak_bytes;
  outcome.budget_bytes = prediction.budget_bytes;
  outcome.seconds = unix_time_s() - start_s;
  return outcome;
}

// "host node3, 2 x NVIDIA H100 80GB HBM3; 2 ranks"
std::string machine_text(const Job& job) {
  const HardwareProfile& hardware = job.hardware;
  const std::string device =
      job.world.on_gpu && !hardware.gpus.empty()
          ? format_text("{} x {}", job.world.size, hardware.gpus.front().name)
          : format_text("{}, {}", hardware.cpu.model, format_number_of(hardware.cpu.allowed_cores, "core"));
  return format_text("host {}, {}; {}", host_name(), device, format_number_of(job.world.size, "rank"));
}

std::string local_date(std::time_t now) {
  std::tm local{};
  localtime_r(&now, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d", &local);
  return text;
}

// Writes the measured values (from now, the cache or the team) into the config file. If the effective batch was auto,
// its learning rate is written too: with a number as batch size, the plan would no longer adapt the rate.
void write_config(const TuneCommand& command, const Job& job, bool doubtful, Progress& progress) {
  const std::string original = read_file(command.config, small_file_bytes);
  std::vector<YamlEdit> edits;
  for (const Choice& choice : job.plan.choices) {
    if (choice.origin == Origin::user || choice.origin == Origin::prior) continue;
    if (choice.key == "train.gradient_accumulation_steps") continue;  // follows from the batch
    if (choice.key == "train.learning_rate" && choice.value == job.loaded.config.train.learning_rate)
      continue;  // unchanged
    edits.push_back({yaml_path(choice.key), value_text(choice.value)});
  }
  if (edits.empty()) {
    progress.line(format_text("{} is unchanged: nothing was measured{}", command.config,
                              job.loaded.config.tune.budget_s ? "; raise tune.budget_s, which was too short" : ""));
    return;
  }
  const std::string edited = edit_yaml(original, edits, command.config);
  if (edited == original) {
    progress.line(format_text("{} is unchanged: it has these values already", command.config));
    return;
  }
  std::vector<std::vector<std::string>> places;
  for (const YamlEdit& edit : edits) places.push_back(edit.path);
  const std::time_t now = std::time(nullptr);
  const std::string noted = with_note(edited, places, "tlaunch tune", local_date(now),
                                      machine_text(job) + (doubtful ? "; beside other work" : ""));
  const std::string backup = replace_with_backup(command.config, original, noted, now);
  progress.line(format_text("wrote {}; the original is {}", command.config, backup));
}

// Locks the run whose config.yaml this is: a run reads the file again at each restart, so nobody may change it
// meanwhile.
std::optional<RunFolder> lock_run_of(const std::string& config) {
  std::error_code error;
  const auto folder = std::filesystem::canonical(config, error).parent_path();
  if (error || !std::filesystem::exists(folder / "events.jsonl", error)) return std::nullopt;
  return RunFolder(folder, 0);
}

}  // namespace

int run_tune(const TuneCommand& command) {
  if (!command.gpu.empty()) {
    show(command, for_other_card(command));
    return exit_code::ok;
  }
  Progress progress(stderr, stderr_terminal());
  const std::optional<RunFolder> run = command.write ? lock_run_of(command.config) : std::nullopt;
  const Job prior = prepare_job({command.config, command.overrides});
  if (command.team) check_team_file(prior);
  if (command.write) check_replaceable(command.config);
  const auto [job, outcome] = tune_job(prior, {command.retune, true, command.team, ""}, progress, nullptr);
  show(command, outcome);
  const bool doubtful = !outcome.disturbed.empty() && !outcome.cached;
  if (command.write && !outcome.interrupted) write_config(command, job, doubtful, progress);
  if (command.team && !outcome.interrupted && doubtful) {
    progress.line(
        format_text("error: {} is unchanged, because other machines would use values that are doubtful: {}; run the "
                    "command again when the machine is idle",
                    *job.loaded.config.tune.team_file, outcome.disturbed));
    return exit_code::failure;
  }
  if (command.team && !outcome.interrupted)
    progress.line(format_text("wrote the entry for {} into {}", team_card(job).name, write_team_entry(job)));
  if (outcome.interrupted) return exit_code::interrupted;
  const bool nothing_ran = outcome.trials > 0 && outcome.measured_peak_bytes == 0;  // the notes say why
  return nothing_ran ? exit_code::failure : exit_code::ok;
}

}  // namespace tlaunch
