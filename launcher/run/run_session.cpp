#include "launcher/run/run_session.h"

#include <set>

#include "base/clock.h"
#include "base/error.h"
#include "launcher/run/stop_reserve.h"
#include "processes/guard/process_tree.h"
#include "processes/hang/hang_stacks.h"
#include "processes/hang/hang_watch.h"

namespace tlaunch {
namespace {

// The ranks that are still working, if they report it; a user's own worker may report nothing.
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

void end_if_it_hangs(RunningGroup& group, HangWatch& watch, Session& session, const std::string& log_folder) {
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
    end_if_it_hangs(group, watch, session, how.log_folder);
    if (how.time_limit.stop_is_due(reserve.seconds())) group.stop_in_time(how.time_limit.told());
  }
  GroupResult result = group.finish();
  // No training is lost, and the same command starts again.
  if (result.out_of_time && !result.failure && !session.record().start) result.exit_code = exit_code::preempted;
  return result;
}

}  // namespace tlaunch
