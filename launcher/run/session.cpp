#include "launcher/run/session.h"

#include <algorithm>
#include <set>

#include "core/clock.h"
#include "core/config_value.h"
#include "core/error.h"
#include "core/units.h"
#include "launcher/group/process_tree.h"
#include "launcher/hang/hang_stacks.h"
#include "launcher/run/stop_reserve.h"

namespace tlaunch {

Session::Session(EventLog& log, Progress& progress) : log_(log), progress_(progress), start_s_(unix_time_s()) {}

Session::Session(EventLog& log, Progress& progress, const RunConfig& config, const RunSoFar& so_far)
    : Session(log, progress) {
  eta_.emplace(start_s_, config, so_far);
  max_time_ = TimeLimit(config.launch.max_time, 0);
}

std::map<std::string, double> Session::spent() const {
  if (!eta_) return {};
  auto parts = eta_->spent(unix_time_s());
  const auto waits = why_slow_.seconds();
  if (const auto wait = waits.find("loading"); wait != waits.end() && parts.contains("steps")) {
    parts["data_wait"] = std::min(wait->second, parts["steps"]);
    parts["steps"] -= parts["data_wait"];
  }
  return parts;
}

double Session::wall_s() const { return unix_time_s() - start_s_; }

void Session::on_event(const StampedEvent& event) {
  record_.on_event(event);
  why_slow_.on_event(event);
  log_.append_line(event.line);
  narrate(event);
  if (eta_) report(eta_->on_event(event, record_));
}

void Session::on_heartbeat(int rank, const HeartbeatEvent& beat) {
  if (rank == 0) phase_ = beat.phase;
}

void Session::report(const EtaReport& due) {
  if (due.first) {
    log_.append(OtherEvent{"estimate", to_json(*due.first)});
    progress_.line("time estimate: " + format_duration(due.first->likely_s) + " in all (" +
                   format_duration(due.first->low_s) + " to " + format_duration(due.first->high_s) + ")");
    if (const std::string line = max_time_.shortfall(due.first->likely_s); !line.empty()) progress_.line(line);
  }
  if (!due.remaining) return;
  if (!due.left_estimate.empty()) progress_.line(due.left_estimate);
  if (!due.announce) return;
  const double estimated_s = eta_->first()->likely_s;
  log_.append(EtaEvent{record_.step, due.remaining->low_s, due.remaining->likely_s, due.remaining->high_s, estimated_s,
                       due.projected_s, due.projected_s - estimated_s});
  const bool more = record_.step < record_.start->total_steps;
  if (due.epoch_ended && more)
    progress_.line("ETA " + format_time_left(due.remaining->likely_s) + " (in all " + format_duration(due.projected_s) +
                   ", estimated " + format_duration(estimated_s) + ")");
}

namespace {

constexpr double noticeable_wait_s = 0.1;

// The setting that fits, for whoever starts this job again.
std::string step_down_text(int rank, const StepDownEvent& event) {
  return "rank " + std::to_string(rank) + " ran out of memory (" + event.phase + " of step " +
         std::to_string(event.step) +
         "): the step is done again with smaller micro-batches; to keep: set "
         "train.batch_size=" +
         std::to_string(event.micro_batch) + " (gradient_accumulation_steps=" + std::to_string(event.accumulation) +
         ")";
}

// Between steps: nothing of the training is lost.
std::string shortage_text(int rank, const ShortageEvent& event) {
  const std::string step = std::to_string(event.step);
  const std::string room = "; to keep room: set train.batch_size=" + std::to_string(event.micro_batch);
  if (event.action == "skipped")
    return "warning: no checkpoint at step " + step +
           ", memory did not suffice for its copies a second time either; "
           "training goes on" +
           room;
  return "rank " + std::to_string(rank) + " ran out of memory (" + event.phase + " after step " + step +
         "): it is done again " +
         (event.action == "halved" ? "in batches of " + std::to_string(event.batch) : "with caches emptied") + room;
}

std::string nan_text(const NanEvent& event) {
  const std::string step = std::to_string(event.step);
  if (event.action == "rollback")
    return "step " + step + " was not finite: back to step " + std::to_string(event.to_step.value_or(0)) +
           ", learning rate x" + to_text(event.learning_rate_factor.value_or(1));
  return "up to step " + step + ": " + std::to_string(event.count.value_or(0)) +
         " updates left out, their gradients were not finite";
}

std::string save_failed_text(const SaveFailedEvent& event) {
  return "the checkpoint of step " + std::to_string(event.step) + " was not saved: " + event.message +
         "; training goes on, earlier ones are as they were" +
         (event.deleted.empty() ? ""
                                : "; to make room one checkpoint less is kept, and " + event.deleted + " was deleted");
}

}  // namespace

void Session::tell_start(const StartEvent& start) {
  std::string text = "training starts on " + start.device + " after " + format_duration(wall_s());
  if (eta_)
    text += ": " + std::to_string(start.train_samples) + " samples, " + std::to_string(start.steps_per_epoch) +
            " steps an epoch, " + std::to_string(start.total_steps) + " steps in all";
  progress_.line(text);
  if (start.fitted_save_top_k)
    progress_.line("the disk is too small for the checkpoints that were asked for: checkpoint.save_top_k=" +
                   std::to_string(*start.fitted_save_top_k) +
                   ", save_last=" + (start.fitted_save_last.value_or(true) ? "true" : "false"));
}

void Session::tell_checkpoint(const CheckpointEvent& saved) {
  if (saved.wait_s > noticeable_wait_s)
    progress_.line("saving took longer than the time between two saves: training waited " +
                   format_duration(saved.wait_s) + "; save less often, or on a faster disk");
  if (saved.problem) progress_.line("note: " + *saved.problem);
  if (saved.gone)
    progress_.line("warning: " + *saved.gone +
                   " was moved or deleted while the run was at work; it was made again for " + saved.path +
                   ", and earlier files are not in it");
}

void Session::narrate(const StampedEvent& stamped) {
  if (writer_of(stamped.event) == Writer::rank_0 && stamped.rank != 0) return;
  const auto line = [this](const std::string& text) { progress_.line(text); };
  std::visit(Overloads{[&](const StepDownEvent& event) { line(step_down_text(stamped.rank, event)); },
                       [&](const ShortageEvent& event) { line(shortage_text(stamped.rank, event)); },
                       [&](const SaveFailedEvent& event) { line(save_failed_text(event)); },
                       [&](const LogFailedEvent& event) { line("warning: " + event.message); },
                       [&](const StartEvent& event) { tell_start(event); },
                       [&](const ProfileEvent& event) {
                         if (stamped.rank == 0)
                           line("profile of " + std::to_string(event.steps) + " steps: " + event.table + ", and " +
                                event.trace + " for chrome://tracing or Perfetto");
                       },
                       [&](const NanEvent& event) { line(nan_text(event)); },
                       [&](const SmokeEvent& event) {
                         line("epochs are shortened to " + std::to_string(event.steps_per_epoch) + " steps");
                       },
                       [&](const CheckpointEvent& event) { tell_checkpoint(event); },
                       [&](const ResumeEvent& event) {
                         line("resumed at step " + std::to_string(event.step) + " from " + event.path);
                         if (event.note) line("note: " + *event.note);
                       },
                       [&](const WeightsEvent& event) { line("note: " + event.note); },
                       [&](const EvaluationEvent& event) {
                         line(evaluation_text(event));
                         shown_step_ = record_.step;
                       },
                       [](const auto&) {}},
             stamped.event);
}

void Session::on_hang(const HangVerdict& verdict, const std::string& log_folder) {
  log_.append(HangEvent{{verdict.ranks.begin(), verdict.ranks.end()},
                        verdict.step,
                        verdict.phase,
                        verdict.reason,
                        verdict.limit_s,
                        verdict.places,
                        log_folder});
  constexpr std::size_t most_places = 4;
  std::string places;
  for (std::size_t i = 0; i < std::min(most_places, verdict.places.size()); ++i)
    places += (i == 0 ? "" : "; ") + verdict.places[i];
  if (verdict.places.size() > most_places) places += "; ...";
  progress_.line(hang_text(verdict));
  progress_.line("  last heard of: " + places);
  if (!log_folder.empty()) progress_.line("  what each rank does is written to " + log_folder + "/stacks_RANK.txt");
  progress_.line("  the limit here was " + format_duration(verdict.limit_s) +
                 "; where this is no hang: launch.hang_timeout_s=" + to_text(2 * verdict.limit_s) + " or more");
}

void Session::on_tick() {
  if (!record_.start || record_.end || record_.stopped || record_.step <= record_.start->start_step) return;
  const double now_s = unix_time_s();
  const EtaLine eta = eta_ ? eta_->line(now_s, record_, phase_) : EtaLine{};
  // A line that is written over counts the seconds down; one that stays has something new to say.
  const bool counts = progress_.terminal().is_terminal && eta.text != shown_eta_.text;
  if (eta.late.empty()) shown_eta_.late.clear();
  if (record_.step == shown_step_ && eta.late == shown_eta_.late && !counts) return;
  RunRecord shown = record_;
  if (!eta_) shown.start.reset();  // a smoke test's epochs are shorter than what the start event says
  if (!progress_.update(shown, eta.text, now_s)) return;
  shown_step_ = record_.step;
  shown_eta_ = eta;
}

namespace {

// Which ranks are still at work, as far as they tell: a worker of a user's own may tell nothing.
class WorkLeft {
 public:
  void on_event(const StampedEvent& event) {
    if (std::holds_alternative<HeartbeatEvent>(event.event)) at_work_.insert(event.rank);
    if (std::holds_alternative<RankDoneEvent>(event.event)) done_.insert(event.rank);
  }
  bool has(int rank) const { return at_work_.contains(rank) && !done_.contains(rank); }

 private:
  std::set<int> at_work_, done_;
};

void end_where_it_hangs(RunningGroup& group, HangWatch& watch, Session& session, const std::string& log_folder) {
  const auto processes = group.at_work();
  const auto verdict = watch.tick(monotonic_s() - group.paused_s(), states_of(processes));
  if (!verdict) return;
  session.on_hang(*verdict, log_folder);
  save_stacks(processes, verdict->ranks, log_folder, WriteOwn::on_usr2);
  group.end_hung(only_rank(*verdict), hang_cause(*verdict));
}

}  // namespace

GroupResult run_session(const Job& job, const WorkerStart& start, Session& session,
                        const std::function<void(const StampedEvent&)>& on_event,
                        const std::function<void()>& on_tick) {
  WorkerStart how = start;
  const auto& timeout_s = job.config.launch.hang_timeout_s;
  how.heartbeat_s = HangWatch::heartbeat_interval_s(timeout_s);
  WorkerGroup workers = worker_group(job, how);
  workers.spec.saves_when_told = true;
  HangWatch watch(static_cast<int>(workers.spec.workers.size()), timeout_s);
  WorkLeft work_left;
  StopReserve reserve(how.grace_s);
  GroupCallbacks callbacks;
  callbacks.left_early = [&](int rank) { return work_left.has(rank); };
  callbacks.run_record = [&]() -> const RunRecord& { return session.record(); };
  callbacks.nothing_to_save = [&] { return !session.record().start; };
  callbacks.on_event = [&](const StampedEvent& event) {
    watch.on_event(event);
    work_left.on_event(event);
    if (const auto* beat = std::get_if<HeartbeatEvent>(&event.event)) return session.on_heartbeat(event.rank, *beat);
    reserve.on_event(event);
    if (on_event) on_event(event);
    session.on_event(event);
  };
  callbacks.on_tick = [&] {
    session.on_tick();
    if (on_tick) on_tick();
  };
  RunningGroup group(workers.spec, callbacks);
  while (group.turn()) {
    end_where_it_hangs(group, watch, session, how.log_folder);
    if (how.time_limit.stop_is_due(reserve.seconds())) group.stop_in_time(how.time_limit.told());
  }
  GroupResult result = group.finish();
  // Nothing is lost, and the same command starts again.
  if (result.out_of_time && !result.failure && !session.record().start) result.exit_code = exit_code::preempted;
  return result;
}

}  // namespace tlaunch
