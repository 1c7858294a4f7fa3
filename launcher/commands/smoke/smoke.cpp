#include "launcher/commands/smoke/smoke.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "checkpoint/folder/checkpoint_folder.h"
#include "launcher/commands/smoke/smoke_plan.h"
#include "launcher/commands/smoke/smoke_verdict.h"
#include "launcher/run/resume.h"
#include "launcher/run/run_end.h"
#include "launcher/run/run_folder.h"
#include "launcher/run/run_session.h"
#include "launcher/run/session.h"
#include "launcher/run/summary.h"
#include "launcher/run/summary_lines.h"
#include "launcher/tune/tune_job.h"

namespace tlaunch {
namespace {

// The values that both parts share.
struct SmokeRun {
  const Job& job;
  const RunFolder& folder;
  RunFiles files;
  EventLog& log;
  Progress& progress;
  SmokeBudget budget;
  double start_s;
};

struct Part {
  SmokeRecord record;
  GroupResult result;
};

// Runs one group of workers. When the budget is used up, the launcher sends itself SIGTERM, as a user would.
Part run_part(const SmokeRun& run, const std::string& title, WorkerStart start) {
  run.progress.line(title);
  start.arguments = {"train", run.files.config_path};
  start.plan_path = run.files.plan_path;
  std::error_code error;
  std::filesystem::create_directories(start.run_dir, error);
  if (error) throw IoError(format_text("cannot make the folder {}: {}", start.run_dir, error.message()));
  start.log_folder = run.folder.make_log_folder(start.attempt);
  start.grace_s = run.budget.grace_s;
  run.log.begin_attempt(start.attempt);
  Session session(run.log, run.progress);
  Part part;
  const double part_start_s = unix_time_s();
  const auto on_event = [&](const StampedEvent& event) {
    if (part.record.losses.empty()) part.record.start_up_s = unix_time_s() - part_start_s;
    part.record.on_event(event);
  };
  const auto on_tick = [&] {
    const bool over = run.budget.total_s && unix_time_s() - run.start_s >= *run.budget.total_s - run.budget.grace_s;
    if (!over || part.record.out_of_time) return;
    part.record.out_of_time = true;
    run.progress.line("the budget of --smoke-minutes is used up; stopping this part");
    kill(getpid(), SIGTERM);
  };
  part.result = run_session(run.job, start, session, on_event, on_tick);
  if (const auto& failure = part.result.failure)
    part.record.failure = failure->summary_message.empty() ? failure->cause : failure->summary_message;
  return part;
}

bool user_stopped(const Part& part) { return part.result.interrupted_by != 0 && !part.record.out_of_time; }

// The checkpoint at the end of the first shortened epoch. Events are UTF-8; a folder's name need not be.
std::string first_checkpoint(const SmokeRecord& first, const std::string& checkpoints) {
  for (const SavedCheckpoint& saved : first.checkpoints)
    if (saved.step == first.steps_per_epoch)
      return ::access(saved.path.c_str(), F_OK) == 0 ? saved.path
                                                     : checkpoints + "/" + saved.path.substr(saved.path.rfind('/') + 1);
  return "";
}

std::vector<std::string> verdict_lines(const SmokeVerdict& verdict, const Terminal& terminal) {
  std::vector<std::string> lines;
  for (const Finding& finding : verdict.findings)
    lines.push_back(
        format_text("{}{}: {}", finding.passed ? terminal.tick() : "FAILED ", words_of(finding.check), finding.detail));
  lines.push_back(verdict.passed ? "smoke test passed" : "smoke test failed");
  return lines;
}

Job smoke_job(const Job& full) {
  PreparedJob job = full;
  job.loaded.config = smoke_config(job.loaded.config);
  return {std::move(job), full.plan};
}

}  // namespace

int run_smoke(const SmokeTest& test, const Job& full, RunEnding& ending) {
  const Job untuned = smoke_job(full);
  Progress progress(stderr, stderr_terminal());
  const std::string path =
      test.run_dir.empty() ? new_run_path(untuned.config.run_root, untuned.config.name) + "-smoke" : test.run_dir;
  const RunPlace place = choose_place(untuned, path, std::nullopt);
  const RunFolder& folder = place.folder;
  ending.run_dir = folder.path();
  EventLog log(folder.file("events.jsonl"), 0,
               [&](const std::string& problem) { progress.line("warning: " + problem); });
  FolderWatch watch(folder, progress);
  const Job job = tune_job(untuned, {test.retune, false, false, folder.file("logs/tuning")}, progress, &log).job;
  SmokeRun run{job,          folder,   write_run_files(job, folder),
               log,          progress, smoke_budget(test.options, job.config.launch.grace_s),
               unix_time_s()};
  show_start_up(progress, job, folder.path());

  WorkerStart start;
  start.run_dir = folder.path();
  start.fit_disk = test.fit_disk;
  start.log_limit_bytes = test.log_limit_bytes;
  start.smoke = first_part_json(test.options, run.budget);
  Part first = run_part(run, format_text("smoke test, part 1: {} epochs", test.options.epochs), start);
  if (first.record.run.start) first.record.run.start = full_run_facts(*first.record.run.start, full.config);
  // With --smoke-full the epochs are not shortened, and the worker sends no event with their length.
  if (first.record.steps_per_epoch == 0 && first.record.run.start)
    first.record.steps_per_epoch = first.record.run.start->steps_per_epoch;

  Part second;
  const std::string checkpoint = first_checkpoint(first.record, checkpoint_dir(job.config.checkpoint, folder.path()));
  if (first.result.exit_code == exit_code::ok && !checkpoint.empty()) {
    start.attempt = 1;
    start.run_dir = folder.file("resumed");  // so that part 1's metrics and checkpoints stay unchanged
    start.smoke = second_part_json(first.record.steps_per_epoch);
    start.resume_path = checkpoint;
    second = run_part(run, "smoke test, part 2: resume from the first epoch's checkpoint", start);
  }

  RunSummary summary;
  settle(summary, first.result.exit_code != exit_code::ok ? first.result : second.result);
  summary.run_dir = folder.path();
  summary.config = run.files.config_path;
  summary.record = first.record.run;
  for (const Part* part : {&first, &second}) {
    summary.incomplete_logs.insert(part->record.run.incomplete_logs.begin(), part->record.run.incomplete_logs.end());
    add_incomplete_logs(summary, part->result);
  }
  summary.wall_s = unix_time_s() - run.start_s;
  summary.smoke = smoke_verdict(first.record, second.record, !job.world.on_gpu);
  if (user_stopped(first) || user_stopped(second)) {
    summary.status = "interrupted";
  } else {
    summary.status = first.record.run.end ? "completed" : "failed";
    summary.exit_code = summary.smoke->passed ? exit_code::ok : exit_code::failure;
  }
  keep_summary(summary, folder, watch, log, progress);
  take_ending(ending, summary);
  auto lines = verdict_lines(*summary.smoke, progress.terminal());
  lines.push_back("run folder: " + summary.run_dir);
  return tell_end(summary, lines, test.json, progress);
}

}  // namespace tlaunch
