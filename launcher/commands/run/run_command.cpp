#include "launcher/commands/run/run_command.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "estimate/deadline.h"
#include "estimate/run_forecast.h"
#include "launcher/commands/run/dry_run.h"
#include "launcher/commands/smoke/smoke.h"
#include "launcher/estimate/estimate_input.h"
#include "launcher/estimate/history_file.h"
#include "launcher/job/gpu_wait.h"
#include "launcher/job/job_check.h"
#include "launcher/narration/results.h"
#include "launcher/run/attempts.h"
#include "launcher/run/on_end.h"
#include "launcher/run/own_plan.h"
#include "launcher/run/resume.h"
#include "launcher/run/run_end.h"
#include "launcher/run/run_folder.h"
#include "launcher/run/summary.h"
#include "launcher/run/summary_lines.h"
#include "launcher/tune/tune_job.h"
#include "processes/guard/signal_takeover.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

int dry_run(const RunCommand& command, const Job& job) {
  print_results(command.json ? text_of(dry_run_json(job), 2) + "\n" : dry_run_text(job));
  return exit_code::ok;
}

// Writes the plan as an event, so that events.jsonl holds the whole history of the run.
void log_plan(EventLog& log, const Job& job, const std::string& resumed_from) {
  Json fields = plan_json(job);
  if (!resumed_from.empty()) fields["resumed_from"] = resumed_from;
  log.append(OtherEvent{"plan", fields});
}

// Records the run for later estimates. Runs that failed, restarted or trained less than planned are left out, because
// they do not show how long the planned run takes.
void remember(const std::string& fingerprint, const RunForecast& forecast, const RunSummary& summary) {
  const bool as_planned = summary.status == "completed" && summary.restarts == 0 && summary.record.end &&
                          !summary.record.end->stopped_early;
  if (as_planned) append_to_history(outcome_of(fingerprint, forecast, summary.spent));
  constexpr double least_s = 10;  // of steps; fewer do not show the pace
  const bool stopped = (summary.status == "preempted" || summary.status == "interrupted") && summary.restarts == 0;
  const auto steps = summary.spent.find("steps");
  if (!stopped || !summary.record.start || steps == summary.spent.end() || steps->second < least_s) return;
  const auto done = summary.record.step - summary.record.start->start_step;
  append_to_history(outcome_of_steps(fingerprint, forecast, summary.spent, done));
}

// Makes the forecast, prints it and logs it.
RunForecast tell_forecast(const EstimateInput& input, const std::optional<double>& deadline_s, Progress& progress,
                          EventLog& log) {
  const RunForecast forecast = forecast_of(input);
  for (const std::string& line : forecast_lines(forecast)) progress.line(line);
  log.append(OtherEvent{"estimate", to_json(forecast)});
  if (!deadline_s) return forecast;
  std::istringstream lines(to_text(answer_deadline(input, forecast.time, *deadline_s)));
  for (std::string line; std::getline(lines, line);) progress.line(line);
  return forecast;
}

// Points `latest` to the run, for --resume auto without --run-dir. Some disks do not support links.
void point_latest(const RunFolder& folder, Progress& progress) {
  try {
    point_latest_to(folder.path());
  } catch (const IoError& error) {
    progress.line(format_text("note: {}; --resume auto without --run-dir takes the newest run by its name instead",
                              error.what()));
  }
}

// Checks this before anything is measured; the workers would find the problem only later.
void check_checkpoint_folder(const Job& job) {
  const auto& folder = job.config.checkpoint.dirpath;
  if (!folder) return;
  std::error_code error;
  std::filesystem::create_directories(*folder, error);
  if (error) throw IoError(format_text("cannot make checkpoint.dirpath {}: {}", *folder, error.message()));
  if (::access(folder->c_str(), W_OK) != 0)
    throw IoError(format_text("cannot write to checkpoint.dirpath {}: {}", *folder, std::strerror(errno)));
}

// The parts of a run that stay the same from its first line to its last.
struct RunContext {
  const RunCommand& command;
  const TimeLimit& limit;
  RunEnding& ending;
  const double began_s;  // Unix time
  RunPlace place;
  Progress& progress;
  EventLog log;
  FolderWatch watch;
  const RunFolder& folder() const { return place.folder; }
};

// Checks that the checkpoint to resume from fits the job, and that the folder of checkpoints can be written.
void check_place(const RunCommand& command, const Job& job, const RunPlace& place) {
  if (!place.resume_path.empty())
    check_job(job, {.config_path = command.config,
                    .overrides = command.overrides,
                    .weights = JobWeights::resume,
                    .checkpoint = place.resume_path});
  else if (command.resume && job.config.model.weights)  // nothing to resume: the run starts from the beginning
    check_job(job, {command.config, command.overrides});
  check_checkpoint_folder(job);
}

struct PlannedRun {
  Job job;
  std::optional<Pace> pace;  // nothing if it was not measured
};

// A resumed run keeps its plan if it can; any other run is tuned.
PlannedRun plan_run(RunContext& context, const Job& prior) {
  if (const auto own = own_plan(prior, context.place)) {
    Job job(prior, *own);
    const auto pace = kept_pace(job);
    return {std::move(job), pace};
  }
  const Job job = with_its_effective_batch(prior, context.place);
  try {
    TunedJob tuned =
        tune_job(job, {context.command.retune, false, false, context.folder().file("logs/tuning"), context.limit},
                 context.progress, &context.log);
    return {std::move(tuned.job), tuned.outcome.pace};
  } catch (const Error& error) {  // reports an end by launch.max_time as the reason
    if (error.code() == exit_code::preempted && context.limit.over()) context.ending.reason = "max_time";
    throw;
  }
}

void announce(RunContext& context, const Job& job) {
  log_plan(context.log, job, context.place.resume_path);
  show_start_up(context.progress, job, context.folder().path());
  for (const std::string& note : context.place.notes) context.progress.line(note);
}

struct ToldForecast {
  RunForecast forecast;
  std::string fingerprint;  // of the job, for the history
};

// Returns nothing if the job's pace is not known before its first steps.
std::optional<ToldForecast> forecast_the_run(RunContext& context, const PlannedRun& run, double tuning_s) {
  if (!run.pace) {
    if (context.command.deadline_s)
      context.progress.line(format_text(
          "note: --deadline cannot be answered, because the speed of this job is not known before its first "
          "steps; to measure it: tlaunch estimate {} --deadline TIME, with the same --nproc and key=value",
          context.command.config));
    return std::nullopt;
  }
  const std::string fingerprint = job_fingerprint(run.job);
  const auto done_steps = step_of_checkpoint(context.place.resume_path).value_or(0);
  const auto calibration = calibration_from(run.job.config, *run.pace, done_steps, read_history(), fingerprint);
  const EstimateInput input = estimate_input(run.job, *run.pace, tuning_s, done_steps, calibration);
  ToldForecast told{tell_forecast(input, context.command.deadline_s, context.progress, context.log), fingerprint};
  if (const std::string line = context.limit.shortfall(told.forecast.time.likely_s); !line.empty())
    context.progress.line(line);
  return told;
}

WorkerStart worker_start(const RunContext& context, const Job& job, const RunFiles& files) {
  WorkerStart start;
  start.arguments = {"train", files.config_path};
  start.run_dir = context.folder().path();
  start.plan_path = files.plan_path;
  start.resume_path = context.place.resume_path;
  start.fit_disk = context.command.fit_disk;
  start.profile = context.command.profile;
  start.pass_stdin = context.command.pass_stdin;
  start.log_limit_bytes = context.command.log_limit_bytes;
  start.grace_s = job.config.launch.grace_s;
  start.time_limit = context.limit;
  return start;
}

void keep_ending(RunContext& context, RunSummary& summary) {
  keep_summary(summary, context.folder(), context.watch, context.log, context.progress);
  take_ending(context.ending, summary);
}

// Trains, and fills `summary` with the result.
void execute(RunContext& context, const Job& job, const WorkerStart& start, const std::optional<Costs>& expected,
             RunSummary& summary) {
  // Only after the ranks have accepted the run: --resume auto must not find a run that was refused.
  const auto on_start = [&context, linked = false]() mutable {
    if (context.command.run_dir.empty() && !std::exchange(linked, true))
      point_latest(context.folder(), context.progress);
  };
  try {
    const GroupResult result = run_attempts(job, context.folder(), start, context.watch, expected, context.log,
                                            context.progress, summary, on_start);
    summary.log_bytes = context.folder().log_bytes();
    settle(summary, result);
  } catch (const std::exception& error) {  // no process, no pipe, no memory
    const auto* known = dynamic_cast<const Error*>(&error);
    summary.log_bytes = context.folder().log_bytes();
    summary.status = "failed";
    summary.exit_code = known ? known->code() : exit_code::failure;
    summary.failure_message = error.what();
    keep_ending(context, summary);
    throw;
  }
}

// Trains a job that has the prior's plan, from choosing its folder to its summary.
int train(const RunCommand& command, const Job& prior, double began_s, const TimeLimit& limit, RunEnding& ending) {
  Progress progress(stderr, stderr_terminal());
  RunPlace place = choose_place(prior, command.run_dir, command.resume);
  check_place(command, prior, place);
  ending.run_dir = place.folder.path();
  const std::string events_path = place.folder.file("events.jsonl");
  const int attempt = place.folder.next_attempt();
  RunContext context{
      command,
      limit,
      ending,
      began_s,
      std::move(place),
      progress,
      EventLog(events_path, attempt, [&](const std::string& problem) { progress.line("warning: " + problem); }),
      FolderWatch(context.place.folder, progress)};
  const PlannedRun run = plan_run(context, prior);
  const RunFiles files = write_run_files(run.job, context.folder());
  announce(context, run.job);
  const double tuning_s = unix_time_s() - began_s;
  const auto told = forecast_the_run(context, run, tuning_s);

  RunSummary summary;
  summary.began_s = began_s;
  summary.spent["tuning"] = tuning_s;
  summary.run_dir = context.folder().path();
  summary.config = files.config_path;
  summary.resumed_from = context.place.resume_path;
  std::optional<Costs> expected;
  if (told) {
    summary.estimate = told->forecast.time;
    expected = costs_of(told->forecast.time, told->forecast.work);
  }
  execute(context, run.job, worker_start(context, run.job, files), expected, summary);
  keep_ending(context, summary);
  if (told) remember(told->fingerprint, told->forecast, summary);
  return tell_end(summary, closing_lines(summary), command.json, progress);
}

GpuWait wait_for_cards(const RunCommand& command, const Job& job, const TimeLimit& limit) {
  if (!job.world.on_gpu && !job.hardware.gpus.empty())
    throw UsageError("--wait-gpu does not apply, because the ranks run on the CPU (--nproc cpu); leave it out");
  const auto cards = cards_of_ranks(job.hardware.gpus, job.world.size);
  check_gpu_wait(cards, *command.wait_gpu_bytes);
  if (command.dry_run) return {};
  Progress progress(stderr, stderr_terminal());
  return wait_for_gpus(cards, *command.wait_gpu_bytes, gpus_now, progress, limit);
}

// A signal that came while data, model and machine were checked, and that OnEnd held; 0: none.
int held_signal() {
  const int signal = SignalTakeover().next().signal;
  if (signal != 0) say(format_text("tlaunch: SIG{}: stopped before anything was started", ::sigabbrev_np(signal)));
  return signal;
}

int run_prepared(const RunCommand& command, const Job& job, const TimeLimit& limit, RunEnding& ending) {
  const double began_s = unix_time_s();
  if (command.dry_run) {
    const CachedJob cached = with_cached_plan(job);
    for (const std::string& note : cached.notes) say("note: " + note);
    return dry_run(command, cached.job);
  }
  if (command.smoke) {
    const SmokeTest test{*command.smoke,   command.run_dir, command.log_limit_bytes,
                         command.fit_disk, command.retune,  command.json};
    return run_smoke(test, job, ending);
  }
  return train(command, job, began_s, limit, ending);
}

}  // namespace

int run_config(const RunCommand& command) {
  const double start_s = monotonic_s();
  JobRequest request{command.config, command.overrides, command.run_dir};
  if (command.resume) request.weights = JobWeights::none;
  const LoadedJob loaded = load_job(request);
  const LaunchConfig& launch = loaded.loaded.config.launch;
  const TimeLimit limit(launch.max_time, start_s);
  const OnEnd on_end(launch.on_end);
  const auto run = [&](RunEnding& ending) {
    const Job job = prepare_job(loaded, request);
    if (const int signal = held_signal()) return stopped_waiting(ending, signal);
    const GpuWait wait = command.wait_gpu_bytes ? wait_for_cards(command, job, limit) : GpuWait{};
    if (wait.signal != 0 || wait.out_of_time) return stopped_waiting(ending, wait.signal);
    // After a wait the job is prepared again, because the free memory has changed.
    return run_prepared(command, wait.waited ? prepare_job(request) : job, limit, ending);
  };
  RunEnding ending;
  ending.name = loaded.loaded.config.name;
  return command.dry_run ? run(ending) : on_end.around(std::move(ending), run);
}

}  // namespace tlaunch
