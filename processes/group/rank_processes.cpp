#include "processes/group/rank_processes.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "base/text.h"
#include "processes/guard/process_tree.h"

namespace tlaunch {

RankProcesses::RankProcesses(Handlers handlers) : handlers_(std::move(handlers)) { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

RankProcesses::~RankProcesses() {
  guard_.reset();
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

void RankProcesses::start(std::vector<SpawnRequest>& requests, int first_only, const std::vector<int>& ours) {
  for (const SpawnRequest& request : requests) programs_.push_back(request.argv.front());
  guard_ = std::make_unique<Guard>(requests, first_only, ours);
}

void RankProcesses::handle_reports() {
  GuardReport report{};
  while (guard_->next_report(report)) handle(report);
}

void RankProcesses::handle(const GuardReport& report) {
  switch (report.kind) {
    case GuardReport::started:
      trace("spawn", programs_[static_cast<std::size_t>(report.rank)], {report.rank, report.pid});
      roster_.started(report.rank, report.pid);
      break;
    case GuardReport::not_started:
      trace("spawn", format_text("failed: {}", std::strerror(report.value)), {report.rank, -1});
      handlers_.on_end(roster_.not_started(report.rank, report.value));
      break;
    case GuardReport::ended:
      trace("reap", wait_status_text(report.value), {report.rank, report.pid});
      roster_.gone(report.rank);
      handlers_.on_gone();
      handlers_.on_end(roster_.reaped(report.rank, report.value));
      break;
    case GuardReport::left_over: handlers_.on_left_over(report.value); break;
  }
}

void RankProcesses::send(int signal) {
  trace("sent", signal_name(signal) + " to all ranks");
  guard_->send(signal);
}

void RankProcesses::send(int signal, int rank) {
  const TracedProcess process = traced(rank);
  if (process.pid <= 0) return;
  trace("sent", signal_name(signal), process);
  ::kill(process.pid, signal);
}

bool RankProcesses::clean_up(const std::function<void(const std::string& text)>& say) {
  const bool guard_was_killed = guard_->gone() && !guard_->wait();
  if (guard_was_killed || !guard_->gone()) kill_without_guard(say);
  return !guard_was_killed;
}

// Either the guard was killed: then the kernel killed the ranks with it, and the processes that they started are our
// children now. Or it does not answer: somebody stopped it, or a process below it waits in the kernel, where no signal
// ends it.
void RankProcesses::kill_without_guard(const std::function<void(const std::string& text)>& say) {
  constexpr double limit_s = 50;
  trace("decision", "kill what is left, without the guard");
  if (!kill_descendants(limit_s, [](pid_t, int) {})) {
    std::vector<std::string> left;
    for (const pid_t pid : descendants_of(::getpid())) left.push_back(format_text("{} (state {})", pid, state_of(pid)));
    say(format_text("cannot kill these processes, which are left behind: {}", joined(left, ", ")));
  }
  roster_.lost();
}

TracedProcess RankProcesses::traced(int rank) const {
  const auto found = roster_.running().find(rank);
  return {rank, found == roster_.running().end() ? -1 : found->second};
}

}  // namespace tlaunch
