#include "launcher/tune/trial_group.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/json_problem.h"
#include "base/text.h"

namespace tlaunch {
namespace {

constexpr double trial_grace_s = 1;  // there is nothing to save

double visits_limit_s(const TrialSpec& spec) {
  const double visits = static_cast<double>(spec.rounds) * static_cast<double>(spec.candidates.size());
  return 20 * visits * std::max(spec.visit_s, 0.05);
}

void take_larger(std::vector<double>& values, const std::vector<double>& others) {
  for (std::size_t i = 0; i < values.size() && i < others.size(); ++i) values[i] = std::max(values[i], others[i]);
}

}  // namespace

// The processes and their reports.
struct TrialGroup::Group {
  std::vector<Descriptor> requests;  // the launcher's ends of the ranks' standard inputs
  WorkerGroup workers;
  std::unique_ptr<RunningGroup> running;
  std::map<int, TrialResult> answers;  // by rank, of the current trial
  std::string failure;
  bool out_of_memory = false;
  double start_s = 0;    // duration of their start
  bool useless = false;  // there will be no answer, or none that can be read

  std::optional<int> rank_that_left() const {
    for (int rank = 0; rank < static_cast<int>(requests.size()); ++rank)
      if (!answers.contains(rank) && running->left(rank)) return rank;
    return std::nullopt;
  }

  void on_event(const StampedEvent& event) {
    try {
      const auto* other = std::get_if<OtherEvent>(&event.event);
      if (other && other->name == "trial") answers[event.rank] = trial_result_from_json(other->fields);
      if (const auto* told = std::get_if<FailureEvent>(&event.event)) {
        // A peer that only noticed the failure may report first.
        if (failure.empty() || (told->out_of_memory && !out_of_memory)) failure = told->message;
        out_of_memory = out_of_memory || told->out_of_memory;
      }
    } catch (const std::exception& error) {  // an error of the worker is a result like any other
      useless = true;
      failure = format_text("the worker's answer cannot be read: {}", json_problem(error));
    }
  }
};

TrialGroup::TrialGroup(const Job& job, std::string log_folder, TrialLimits limits)
    : job_(job),
      log_folder_(std::move(log_folder)),
      limits_(limits),
      folder_({{"config.yaml", to_yaml(job.loaded.config, job.worker)},
               {"plan.json", text_of(to_json(job.plan), 2) + "\n"}},
              log_folder_),
      start_s_(unix_time_s()) {}

TrialGroup::~TrialGroup() = default;

double TrialGroup::elapsed_s() const { return unix_time_s() - start_s_; }

bool TrialGroup::start(TrialResult& failed) {
  WorkerStart how;
  how.arguments = {"trial", folder_.file("config.yaml")};
  how.plan_path = folder_.file("plan.json");
  how.attempt = starts_++;
  how.grace_s = trial_grace_s;
  how.log_folder = log_folder_;
  auto group = std::make_unique<Group>(Group{{}, worker_group(job_, how), nullptr, {}, "", false, 0, false});
  group->workers.spec.show_output = false;
  group->workers.spec.stop_text = "ending the measurements";
  std::vector<Descriptor> theirs;
  for (WorkerSpec& worker : group->workers.spec.workers) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      throw IoError(format_text("cannot make a socket for a trial: {}", std::strerror(errno)));
    group->requests.emplace_back(ends[0]);
    worker.stdin_fd = theirs.emplace_back(ends[1]).get();
  }
  GroupCallbacks callbacks;
  callbacks.on_event = [state = group.get()](const StampedEvent& event) { state->on_event(event); };
  callbacks.on_tick = [] {};  // so that each turn() returns after a while
  try {
    group->running = std::make_unique<RunningGroup>(group->workers.spec, callbacks);
  } catch (const Error& error) {
    failed.outcome = TrialOutcome::crashed;
    failed.message = error.what();
    return false;
  }
  group_ = std::move(group);
  return true;
}

TrialResult TrialGroup::run(const TrialSpec& spec) {
  const double began_s = unix_time_s(), began_clock_s = monotonic_s();
  TrialResult result;
  result.id = spec.id;
  if (spec.fresh) group_.reset();
  const bool fresh = !group_;
  if (fresh && !start(result)) return result;
  group_->answers.clear();
  const std::string line = text_of(to_json(spec)) + "\n";
  for (const Descriptor& request : group_->requests)
    if (send(request.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0)
      break;  // the process has ended, and turn() reports it
  const double limit = limits_.trial_s + visits_limit_s(spec) + (fresh ? limits_.start_up_s : 0);
  const double paused_before_s = group_->running->paused_s();
  while (group_->answers.size() < group_->requests.size()) {
    if (!group_->running->turn()) {
      result = ended(std::move(result));
      break;
    }
    if (const auto rank = group_->rank_that_left()) {
      group_->useless = true;
      group_->failure = format_text("rank {} left without an answer (exit code 0)", *rank);
    }
    if (limits_.time.over()) group_->running->stop_in_time(limits_.time.told());
    const double paused_s = group_->running->paused_s() - paused_before_s;
    const bool late = monotonic_s() - began_clock_s - paused_s > limit;
    if (group_->useless || late) {
      result.outcome = group_->useless ? TrialOutcome::crashed : TrialOutcome::hung;
      result.message = group_->useless
                           ? group_->failure
                           : format_text("no answer within {:.0f} s: a rank hangs, or one step takes that long", limit);
      group_.reset();
      break;
    }
  }
  if (group_ && result.outcome == TrialOutcome::ok) {
    std::vector<TrialResult> ranks;
    for (auto& [rank, answer] : group_->answers) ranks.push_back(std::move(answer));
    result = merge_ranks(ranks);
  }
  result.seconds = unix_time_s() - began_s;
  if (group_ && result.outcome == TrialOutcome::ok) {
    if (fresh) group_->start_s = std::max(0.0, result.seconds - result.worker_s);
    result.start_s = group_->start_s;
  }
  return result;
}

// All processes ended before they answered.
TrialResult TrialGroup::ended(TrialResult result) {
  const GroupResult end = group_->running->finish();
  result.message = group_->failure.substr(0, group_->failure.find('\n'));
  if (end.interrupted_by != 0) {
    result.outcome = TrialOutcome::interrupted;
    interrupted_by_ = end.interrupted_by;
  } else if (group_->out_of_memory || (end.failure && end.failure->signal == SIGKILL)) {
    result.outcome = TrialOutcome::out_of_memory;  // only the system sends SIGKILL to a trial
  } else {
    result.outcome = TrialOutcome::crashed;
    if (result.message.empty() && end.failure) result.message = end.failure->cause;
  }
  group_.reset();
  return result;
}

TrialResult merge_ranks(const std::vector<TrialResult>& ranks) {
  TrialResult merged = ranks.front();
  for (const TrialResult& rank : ranks) {
    if (rank.peak_bytes > merged.peak_bytes) {
      merged.peak_bytes = rank.peak_bytes;
      merged.idle_bytes = rank.idle_bytes;
    }
    merged.make_batch_s = std::max(merged.make_batch_s, rank.make_batch_s);
    merged.log_cost_s = std::max(merged.log_cost_s, rank.log_cost_s);
    merged.gpu_log_cost_s = std::max(merged.gpu_log_cost_s, rank.gpu_log_cost_s);
    merged.save_copy_s = std::max(merged.save_copy_s, rank.save_copy_s);
    merged.save_bytes = std::max(merged.save_bytes, rank.save_bytes);
    merged.build_s = std::max(merged.build_s, rank.build_s);
    merged.evaluation_fixed_s = std::max(merged.evaluation_fixed_s, rank.evaluation_fixed_s);
    merged.evaluation_sample_s = std::max(merged.evaluation_sample_s, rank.evaluation_sample_s);
    merged.detection_s = std::max(merged.detection_s, rank.detection_s);
    merged.worker_s = std::max(merged.worker_s, rank.worker_s);
    for (std::size_t c = 0; c < merged.candidates.size() && c < rank.candidates.size(); ++c) {
      take_larger(merged.candidates[c].step_times_s, rank.candidates[c].step_times_s);
      take_larger(merged.candidates[c].wait_shares, rank.candidates[c].wait_shares);
    }
  }
  return merged;
}

}  // namespace tlaunch
