#include "launcher/commands/run_command.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "core/clock.h"
#include "core/error.h"
#include "estimate/deadline.h"
#include "estimate/run_forecast.h"
#include "launcher/estimate/estimate_input.h"
#include "launcher/estimate/history_file.h"
#include "launcher/group/signal_takeover.h"
#include "launcher/job/gpu_wait.h"
#include "launcher/job/job_check.h"
#include "launcher/run/attempts.h"
#include "launcher/run/dry_run.h"
#include "launcher/run/on_end.h"
#include "launcher/run/resume.h"
#include "launcher/run/run_end.h"
#include "launcher/run/run_files.h"
#include "launcher/run/summary.h"
#include "launcher/run/summary_lines.h"
#include "launcher/smoke/smoke.h"
#include "launcher/terminal/results.h"
#include "launcher/terminal/say.h"
#include "launcher/tune/tune_job.h"

namespace tlaunch {
namespace {

int dry_run(const RunCommand& command, const Job& job) {
  print_results(command.json ? text_of(dry_run_json(job), 2) + "\n" : dry_run_text(job));
  return exit_code::ok;
}

// The plan as an event, so that events.jsonl tells the whole story.
void log_plan(EventLog& log, const Job& job, const std::string& resumed_from) {
  Json fields = plan_json(job);
  if (!resumed_from.empty()) fields["resumed_from"] = resumed_from;
  log.append(OtherEvent{"plan", fields});
}

// For the next estimate. A run that failed, went on after a restart, or did less than was planned says nothing of it.
void remember(const std::string& fingerprint, const RunForecast& forecast, const RunSummary& summary) {
  const bool as_planned = summary.status == "completed" && summary.restarts == 0 && summary.record.end &&
                          !summary.record.end->stopped_early;
  if (as_planned) append_to_history(outcome_of(fingerprint, forecast, summary.spent));
  constexpr double least_s = 10;  // of steps; fewer are no sample of its pace
  const bool stopped = (summary.status == "preempted" || summary.status == "interrupted") && summary.restarts == 0;
  const auto steps = summary.spent.find("steps");
  if (!stopped || !summary.record.start || steps == summary.spent.end() || steps->second < least_s) return;
  const auto done = summary.record.step - summary.record.start->start_step;
  append_to_history(outcome_of_steps(fingerprint, forecast, summary.spent, done));
}

// The forecast, told and logged.
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

// The link serves --resume auto without --run-dir; some disks have no links.
void point_latest(const RunFolder& folder, Progress& progress) {
  try {
    point_latest_to(folder.path());
  } catch (const IoError& error) {
    progress.line(std::string("note: ") + error.what() +
                  "; --resume auto without --run-dir finds the newest run by its name instead");
  }
}

// Told before anything is measured; the workers would find it after that.
void check_checkpoint_folder(const Job& job) {
  const auto& folder = job.config.checkpoint.dirpath;
  if (!folder) return;
  std::error_code error;
  std::filesystem::create_directories(*folder, error);
  if (error) throw IoError("cannot make checkpoint.dirpath " + *folder + ": " + error.message());
  if (::access(folder->c_str(), W_OK) != 0)
    throw IoError("cannot write to checkpoint.dirpath " + *folder + ": " + std::strerror(errno));
}

// An end by launch.max_time is told as such.
TuneOutcome tune_in_time(const RunCommand& command, Job& job, const RunFolder& folder, const TimeLimit& limit,
                         Progress& progress, EventLog& log, RunEnding& ending) {
  try {
    return tune_job(job, {command.retune, false, false, folder.file("logs/tuning"), limit}, progress, &log);
  } catch (const Error& error) {
    if (error.code() == exit_code::preempted && limit.over()) ending.reason = "max_time";
    throw;
  }
}

int train(const RunCommand& command, Job job, double began_s, const TimeLimit& limit, RunEnding& ending) {
  Progress progress(stderr, stderr_terminal());
  RunPlace place = choose_place(job, command.run_dir, command.resume);
  if (!place.resume_path.empty())
    check_job(job, {.config_path = command.config,
                    .overrides = command.overrides,
                    .weights = JobWeights::resume,
                    .checkpoint = place.resume_path});
  else if (command.resume && job.config.model.weights)  // nothing to resume: it starts anew
    check_job(job, {command.config, command.overrides});
  check_checkpoint_folder(job);
  const RunFolder& folder = place.folder;
  ending.run_dir = folder.path();
  EventLog log(folder.file("events.jsonl"), folder.next_attempt(),
               [&](const std::string& problem) { progress.line("warning: " + problem); });
  FolderWatch watch(folder, progress);
  std::optional<Pace> pace;
  if (keep_own_plan(job, place)) {
    pace = kept_pace(job);
  } else {
    keep_effective_batch(job, place);
    pace = tune_in_time(command, job, folder, limit, progress, log, ending).pace;
  }
  const RunFiles files = write_run_files(job, folder);
  log_plan(log, job, place.resume_path);
  show_start_up(progress, job, folder.path());
  for (const std::string& note : place.notes) progress.line(note);
  const double tuning_s = unix_time_s() - began_s;
  std::optional<RunForecast> forecast;  // where the job's pace is not known its first steps tell
  std::string fingerprint;
  if (pace) {
    fingerprint = job_fingerprint(job);
    const auto done_steps = step_of_checkpoint(place.resume_path).value_or(0);
    const auto calibration = calibration_from(job.config, *pace, done_steps, read_history(), fingerprint);
    forecast =
        tell_forecast(estimate_input(job, *pace, tuning_s, done_steps, calibration), command.deadline_s, progress, log);
    if (const std::string line = limit.shortfall(forecast->time.likely_s); !line.empty()) progress.line(line);
  } else if (command.deadline_s) {
    progress.line(
        "note: --deadline cannot be answered: this job's speed is not known before its first steps; tlaunch "
        "estimate " +
        command.config + " --deadline TIME measures it");
  }

  WorkerStart start;
  start.arguments = {"train", files.config_path};
  start.run_dir = folder.path();
  start.plan_path = files.plan_path;
  start.resume_path = place.resume_path;
  start.fit_disk = command.fit_disk;
  start.profile = command.profile;
  start.pass_stdin = command.pass_stdin;
  start.log_limit_bytes = command.log_limit_bytes;
  start.grace_s = job.config.launch.grace_s;
  start.time_limit = limit;

  RunSummary summary;
  summary.began_s = began_s;
  summary.spent["tuning"] = tuning_s;
  std::optional<Costs> expected;
  if (forecast) {
    summary.estimate = forecast->time;
    expected = costs_of(forecast->time, forecast->work);
  }
  summary.run_dir = folder.path();
  summary.config = files.config_path;
  summary.resumed_from = place.resume_path;
  try {
    // Once the ranks have taken it on: a run that is refused must not stand in the way of --resume auto.
    const auto on_start = [&, linked = false]() mutable {
      if (command.run_dir.empty() && !std::exchange(linked, true)) point_latest(folder, progress);
    };
    const GroupResult result = run_attempts(job, folder, start, watch, expected, log, progress, summary, on_start);
    summary.log_bytes = folder.log_bytes();
    settle(summary, result);
  } catch (const std::exception& error) {  // no process, no pipe, no memory
    const auto* known = dynamic_cast<const Error*>(&error);
    summary.log_bytes = folder.log_bytes();
    summary.status = "failed";
    summary.exit_code = known ? known->code() : exit_code::failure;
    summary.failure_message = error.what();
    keep_summary(summary, folder, watch, log, progress);
    take_ending(ending, summary);
    throw;
  }
  keep_summary(summary, folder, watch, log, progress);
  take_ending(ending, summary);
  if (forecast) remember(fingerprint, *forecast, summary);
  return tell_end(summary, closing_lines(summary), command.json, progress);
}

// Returns the exit code of a wait that was ended before there was room.
std::optional<int> wait_for_cards(const RunCommand& command, const JobRequest& request, Job& job,
                                  const TimeLimit& limit, RunEnding& ending) {
  if (!job.world.on_gpu && !job.hardware.gpus.empty())
    throw UsageError("--wait-gpu: the ranks run on the CPU here (--nproc cpu); leave it out");
  const auto cards = cards_of_ranks(job.hardware.gpus, job.world.size);
  check_gpu_wait(cards, *command.wait_gpu_bytes);
  if (command.dry_run) return std::nullopt;
  Progress progress(stderr, stderr_terminal());
  const GpuWait wait = wait_for_gpus(cards, *command.wait_gpu_bytes, gpus_now, progress, limit);
  if (wait.signal != 0 || wait.out_of_time) return stopped_waiting(ending, wait.signal);
  if (wait.waited) job = prepare_job(request);  // with the memory that is free by now
  return std::nullopt;
}

// A signal that was held (OnEnd) while data, model and machine were looked at; 0: none came.
int held_signal() {
  const int signal = SignalTakeover().next().signal;
  if (signal != 0) say(std::string("tlaunch: SIG") + ::sigabbrev_np(signal) + ": stopped before anything was started");
  return signal;
}

}  // namespace

int run_config(const RunCommand& command) {
  const double start_s = monotonic_s();
  JobRequest request{command.config, command.overrides, command.run_dir};
  if (command.resume) request.weights = JobWeights::none;
  Job job = load_job(request);
  const LaunchConfig launch = job.loaded.config.launch;
  const TimeLimit limit(launch.max_time, start_s);
  const OnEnd on_end(launch.on_end);
  const auto run = [&](RunEnding& ending) {
    job = prepare_job(std::move(job), request);
    if (const int signal = held_signal()) return stopped_waiting(ending, signal);
    if (command.wait_gpu_bytes)
      if (const auto code = wait_for_cards(command, request, job, limit, ending)) return *code;
    const double began_s = unix_time_s();
    if (command.dry_run) {
      for (const std::string& note : take_cached_plan(job)) say("note: " + note);
      return dry_run(command, job);
    }
    if (command.smoke) return run_smoke(command, job, ending);
    return train(command, std::move(job), began_s, limit, ending);
  };
  RunEnding ending;
  ending.name = job.loaded.config.name;
  return command.dry_run ? run(ending) : on_end.around(std::move(ending), run);
}

}  // namespace tlaunch
