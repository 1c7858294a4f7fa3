// The processes of a group's ranks: the guard (guard.h) starts and reaps them and passes signals on; its reports go to
// the roster and to the handlers. While the object lives, the calling process is a child subreaper: if the guard is
// killed, its processes become our children. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "processes/group/rank_roster.h"
#include "processes/group/trace.h"
#include "processes/guard/guard.h"

namespace tlaunch {

class RankProcesses {
 public:
  struct Handlers {
    std::function<void()> on_gone;                // a rank's process is gone; its end follows
    std::function<void(RankEnd)> on_end;          // not in the roster yet
    std::function<void(int count)> on_left_over;  // all ranks are gone, but `count` processes that they started are not
  };

  explicit RankProcesses(Handlers handlers);
  ~RankProcesses();  // kills what is left and waits for it
  RankProcesses(const RankProcesses&) = delete;
  RankProcesses& operator=(const RankProcesses&) = delete;

  // As Guard's constructor.
  void start(std::vector<SpawnRequest>& requests, int first_only, const std::vector<int>& ours);

  int report_fd() const { return guard_->report_fd(); }
  void handle_reports();                        // all that have come
  bool gone() const { return guard_->gone(); }  // all of them

  void send(int signal);            // as Guard::send
  void send(int signal, int rank);  // to one rank, if it runs

  // At the end. False: the guard was killed, and everything below it with it.
  bool clean_up(const std::function<void(const std::string& text)>& say);

  RankRoster& roster() { return roster_; }
  const RankRoster& roster() const { return roster_; }
  TracedProcess traced(int rank) const;

 private:
  void handle(const GuardReport& report);
  void kill_without_guard(const std::function<void(const std::string& text)>& say);

  Handlers handlers_;
  std::vector<std::string> programs_;  // by rank
  RankRoster roster_;
  std::unique_ptr<Guard> guard_;
};

}  // namespace tlaunch
