#include "launcher/group/supervise.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>

#include "core/clock.h"
#include "core/error.h"
#include "core/worker_env.h"
#include "hardware/memory.h"
#include "launcher/group/environment.h"
#include "launcher/group/error_file.h"
#include "launcher/group/event_pipe.h"
#include "launcher/group/failure.h"
#include "launcher/group/group_output.h"
#include "launcher/group/group_result.h"
#include "launcher/group/guard.h"
#include "launcher/group/process_tree.h"
#include "launcher/group/signal_takeover.h"

namespace tlaunch {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kTick = std::chrono::milliseconds(200);
// timeout(1), Slurm and the like send a signal to the process and again to its group: that is one wish, not two.
constexpr auto kOneWish = std::chrono::milliseconds(500);
constexpr auto kPatience = std::chrono::seconds(1);    // before the user is told what is waited for
constexpr auto kLastWords = std::chrono::seconds(1);   // for output that nobody reads, after the user stopped the group
constexpr auto kKillLimit = std::chrono::seconds(10);  // for the guard to do away with what it was told to kill
constexpr double kCleanUpLimit_s = 50;                 // for us, where it did not

}  // namespace

class RunningGroup::State {
 public:
  State(GroupSpec spec, GroupCallbacks callbacks) : spec_(std::move(spec)), callbacks_(std::move(callbacks)) {
    if (spec_.workers.empty()) throw std::logic_error("run_group: no workers");
    start();
  }

  ~State() {
    guard_.reset();
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  bool turn() {
    if (!over()) step();
    return !over();
  }

  GroupResult finish() {
    const bool killed = guard_->gone() && !guard_->wait();
    if (killed || !guard_->gone()) clean_up_without_guard();
    if (killed) throw Error(exit_code::failure, "the launcher's guard process was killed; all ranks were stopped");
    output_.read_to_the_end();
    read_events();
    write_out();
    GroupResult result =
        group_result({spec_.workers, ends_, told_failure_, spec_.saves_when_told, interrupted_by_, out_of_time_, hung_},
                     [this](int rank) { return output_.last_lines(rank); });
    result.reader_gone = result.failure && result.failure->signal == SIGPIPE && output_.reader_gone();
    result.output_error = output_.error();
    result.incomplete_logs = output_.incomplete_logs();
    return result;
  }

  bool left(int rank) const {
    return !stopping_ && std::any_of(ends_.begin(), ends_.end(), [&](const RankEnd& end) { return end.rank == rank; });
  }

  std::map<int, pid_t> at_work() const { return stopping_ ? std::map<int, pid_t>{} : running_; }

  double paused_s() const { return std::chrono::duration<double>(paused_).count(); }

  void say(const std::string& text) { output_.say(text); }

  bool stop_in_time(const std::string& why) {
    if (stopping_ || over()) return false;
    say(why + ": " + what_a_stop_does());
    out_of_time_ = true;
    interrupted_by_ = SIGTERM;
    stop(SIGTERM);
    return true;
  }

  void end_hung(std::optional<int> rank, const std::string& cause, double last_words_s) {
    if (stopping_) return;
    hung_ = Hung{rank, cause, rank ? output_.last_lines(*rank) : std::vector<std::string>()};
    stopping_ = true;
    if (last_words_s <= 0) {
      kill();
      return;
    }
    kill_at_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(last_words_s));
    output_.show_only_in_logs();
  }

 private:
  void start() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // should the guard be killed, its processes come to us
    if (spec_.events) events_ = std::make_unique<EventPipe>();
    std::vector<SpawnRequest> requests(spec_.workers.size());
    for (std::size_t rank = 0; rank < requests.size(); ++rank) {
      requests[rank] = request(spec_.workers[rank], rank);
    }
    oom_kills_ = oom_kills(system_files());
    guard_ = std::make_unique<Guard>(requests, spec_.store_fd, output_.pipes());
    if (events_) events_->close_write();
    next_tick_ = Clock::now() + kTick;
  }

  SpawnRequest request(const WorkerSpec& worker, std::size_t rank) {
    SpawnRequest request;
    request.argv = worker.argv;
    std::map<std::string, std::string> additions = worker.environment;
    if (events_) {
      request.inherited.push_back(events_->write_fd());
      additions[env::event_fd] = std::to_string(events_->write_fd());
    }
    if (rank == 0 && spec_.store_fd >= 0) {
      request.inherited.push_back(spec_.store_fd);
      additions[env::store_fd] = std::to_string(spec_.store_fd);
    }
    request.environment = worker_environment(additions);
    request.inherit_stdin = worker.inherit_stdin;
    request.stdin_fd = worker.stdin_fd;
    request.cores = worker.cores;
    if (worker.inherit_stdin && ::isatty(0)) {
      request.process_group = ::getpgrp();
      shares_terminal_ = true;
    }
    request.signal_mask = signals_.mask_before();
    request.on_broken_pipe = signals_.broken_pipe_before();
    output_.add_rank(request);
    return request;
  }

  // Waits for whatever comes first and deals with all that is there.
  void step() {
    std::vector<pollfd> waits;
    const auto wait_for = [&](int fd, short what) { waits.push_back({fd, what, 0}); };
    wait_for(guard_->report_fd(), POLLIN);
    wait_for(signals_.fd(), POLLIN);
    wait_for(events_ ? events_->read_fd() : -1, POLLIN);
    const std::size_t first_of_output = waits.size();
    for (const pollfd& wait : output_.waits()) waits.push_back(wait);
    ::poll(waits.data(), waits.size(), wait_ms());

    output_.handle(waits.data() + first_of_output);
    if (waits[2].revents != 0) read_events();
    handle_signals();
    handle_reports();
    const auto now = Clock::now();
    if (kill_at_ && now >= *kill_at_) kill();
    if (tell_at_ && now >= *tell_at_) tell_who_is_waited_for();
    gave_up_ = give_up_at_ && now >= *give_up_at_;
    if (now >= next_tick_) {
      next_tick_ = now + kTick;
      if (callbacks_.on_tick) callbacks_.on_tick();
    }
  }

  int wait_ms() const {
    std::optional<Clock::time_point> until = kill_at_;
    for (const auto& other : {tell_at_, give_up_at_})
      if (other && (!until || *other < *until)) until = other;
    if (callbacks_.on_tick && (!until || next_tick_ < *until)) until = next_tick_;
    std::int64_t wait_ms = -1;
    if (until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
      wait_ms = std::clamp<std::int64_t>(left, 0, 60'000);
    }
    if (const auto draw_s = output_.next_draw_s()) {
      const auto left = static_cast<std::int64_t>(std::ceil(std::clamp(*draw_s - monotonic_s(), 0.0, 1.0) * 1e3));
      wait_ms = wait_ms < 0 ? left : std::min(wait_ms, left);
    }
    return static_cast<int>(wait_ms);
  }

  void read_events() {
    if (!events_) return;
    events_->drain(
        [this](const StampedEvent& event) {
          const auto* failure = std::get_if<FailureEvent>(&event.event);
          if (failure && event.rank >= 0 && !told_by_event(event.rank))
            told_failure_.push_back({event.rank, exit_code_told_in(*failure)});
          if (std::holds_alternative<ToldToStopEvent>(event.event)) pass_on_wish(event.rank);
          if (callbacks_.on_event) callbacks_.on_event(event);
        },
        [this](const std::string& line) { say("dropped a line of the event pipe that is no event: " + line); });
  }

  static int exit_code_told_in(const FailureEvent& failure) {
    const bool possible = failure.exit_code > 0 && failure.exit_code < 256;
    return possible ? static_cast<int>(failure.exit_code) : exit_code::failure;
  }

  const ToldFailure* told_by_event(int rank) const {
    for (const ToldFailure& told : told_failure_)
      if (told.rank == rank) return &told;
    return nullptr;
  }

  // Of a failure that it has told of by now.
  std::optional<int> told_exit_code(int rank) const {
    if (const ToldFailure* told = told_by_event(rank)) return told->exit_code;
    if (error_time_ns(spec_.workers[static_cast<std::size_t>(rank)].error_path)) return exit_code::failure;
    return std::nullopt;
  }

  // What a cluster tells one rank is meant for the job.
  void pass_on_wish(int rank) {
    if (stopping_ || rank < 0) return;
    say("rank " + std::to_string(rank) + " was told to stop: so are the others");
    interrupted_by_ = SIGTERM;
    stop(SIGTERM);
  }

  std::string what_a_stop_does() const {
    if (!spec_.told_to_stop.empty()) return spec_.told_to_stop;
    return std::string(spec_.saves_when_told ? "saving and " : "") + "stopping the ranks";
  }

  // The next signal that is not about stopping for a while.
  SignalTakeover::Arrival next_wish() {
    auto arrival = signals_.next();
    for (; arrival.signal == SIGTSTP || arrival.signal == SIGTTIN; arrival = signals_.next()) pause(arrival);
    return arrival;
  }

  // The ranks have process groups of their own: they would compute on while the shell shows the job as stopped.
  void pause(const SignalTakeover::Arrival& arrival) {
    const auto began = Clock::now();
    guard_->send(arrival.from_terminal ? SIGTSTP : SIGSTOP);
    output_.leave_terminal();
    signals_.stop_here(arrival.signal);
    guard_->send(SIGCONT);
    const auto away = Clock::now() - began;
    for (auto* time : {&kill_at_, &tell_at_, &give_up_at_, &last_wish_})
      if (*time) **time += away;
    next_tick_ += away;
    paused_ += away;
  }

  void handle_signals() {
    for (auto arrival = next_wish(); arrival.signal != 0; arrival = next_wish()) {
      if (arrival.signal == SIGUSR1 && !spec_.saves_when_told) {
        guard_->send(SIGUSR1);
        continue;
      }
      const auto now = Clock::now();
      if (last_wish_ && now - *last_wish_ < kOneWish) continue;
      last_wish_ = now;
      if (stopping_) {
        say("killing the ranks");
        kill();
        continue;
      }
      interrupted_by_ = arrival.signal;
      say(std::string("SIG") + ::sigabbrev_np(arrival.signal) + ": " + what_a_stop_does() +
          " (once more to kill them)");
      const int signal = arrival.signal == SIGINT ? SIGINT : SIGTERM;
      if (!shares_terminal_ || !arrival.from_terminal) {
        stop(signal);
        continue;
      }
      // The worker that shares our terminal has had its Ctrl-C already.
      for (const auto& [rank, pid] : running_) {
        if (!spec_.workers[rank].inherit_stdin) ::kill(pid, signal);
      }
      stop(0);
    }
  }

  void handle_reports() {
    GuardReport report{};
    while (guard_->next_report(report)) {
      switch (report.kind) {
        case GuardReport::started: running_[report.rank] = report.pid; break;
        case GuardReport::not_started: ended({report.rank, 0, report.value, !stopping_, {}}); break;
        case GuardReport::ended:
          running_.erase(report.rank);
          read_events();  // all that it told before its end
          ended({report.rank, report.value, 0, !stopping_ || leaving_.contains(report.rank), {}});
          break;
        case GuardReport::left_over:
          if (report.value > 0 && interrupted_by_ == 0 && !failed_ && !hung_) {
            say("stopping " + std::to_string(report.value) + " process(es) that the ranks left running");
          }
          guard_->send(SIGTERM);
          if (!kill_at_) kill_at_ = Clock::now() + grace();
          break;
      }
    }
  }

  void ended(RankEnd end) {
    end.after_kill = killed_;
    if (end.start_error == 0 && WIFSIGNALED(end.wait_status) && WTERMSIG(end.wait_status) == SIGKILL) {
      const auto kills = oom_kills(system_files());
      end.out_of_memory = kills && oom_kills_ && *kills > *oom_kills_;
    }
    end.left_early = end.start_error == 0 && end.wait_status == 0 && !stopping_ && callbacks_.left_early &&
                     callbacks_.left_early(end.rank);
    if (const auto told = told_before_stop_.find(end.rank); told != told_before_stop_.end())
      end.told_exit_code = told->second;
    ends_.push_back(end);
    const bool failed = exit_code_of(end) != 0;
    if (stopping_) {
      if (end.before_stop || (failed && !left_saved(end))) kill_where_nothing_is_to_save();
      return;
    }
    if (!failed) return;
    if (end.left_early && !others_run()) return;  // they are about to tell how it ends
    failed_ = true;
    stop(SIGTERM);
  }

  // Called where a rank is gone: in start-up the others wait for it to join them and heed no signal meanwhile. A rank
  // that is told to stop while it loads its libraries dies of the signal.
  void kill_where_nothing_is_to_save() {
    if (callbacks_.nothing_to_save && callbacks_.nothing_to_save()) kill();
  }

  bool others_run() const {
    return std::any_of(running_.begin(), running_.end(),
                       [](const auto& running) { return !is_exiting(running.second); });
  }

  // `signal` 0: they know.
  void stop(int signal) {
    stopping_ = true;
    // Who is on the way out already, or has told of its failure, dies of its own cause, whatever order the ends are
    // reported in.
    for (const auto& [rank, pid] : running_) {
      if (is_exiting(pid)) leaving_.insert(rank);
      if (const auto code = told_exit_code(rank)) told_before_stop_[rank] = *code;
    }
    if (signal != 0) guard_->send(signal);
    kill_at_ = Clock::now() + grace();
    tell_at_ = Clock::now() + kPatience;
    if (!ends_.empty()) kill_where_nothing_is_to_save();
  }

  void tell_who_is_waited_for() {
    tell_at_.reset();
    if (running_.empty() || !kill_at_) return;
    std::string ranks;
    for (const auto& [rank, pid] : running_) ranks += (ranks.empty() ? "" : ", ") + std::to_string(rank);
    const auto left_s = std::chrono::ceil<std::chrono::seconds>(*kill_at_ - Clock::now()).count();
    say("waiting up to " + std::to_string(left_s) + " s for rank " + ranks + " to end");
  }

  void kill() {
    killed_ = true;
    guard_->send(SIGKILL);
    kill_at_.reset();
    if (!give_up_at_) give_up_at_ = Clock::now() + kKillLimit;
  }

  Clock::duration grace() const {
    return std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(std::clamp(spec_.grace_s, 0.0, 1e6)));
  }

  // The guard was killed: the kernel killed the ranks with it, and what they had started is ours now. Or it does not
  // answer: somebody stopped it, or a process below it waits in the kernel and heeds no signal.
  void clean_up_without_guard() {
    if (!kill_descendants(kCleanUpLimit_s, [](pid_t, int) {})) {
      std::string left;
      for (const pid_t pid : descendants_of(::getpid()))
        left += (left.empty() ? "" : ", ") + std::to_string(pid) + " (state " + state_of(pid) + ")";
      say("cannot kill process " + left + "; it is left behind");
    }
    for (const auto& [rank, pid] : running_) ends_.push_back({rank, SIGKILL, 0, false, {}});
    running_.clear();
  }

  bool over() const { return guard_->gone() || gave_up_; }

  // Output that the terminal has not taken yet. Waits for a slow reader, but not after the user wanted to stop.
  void write_out() {
    const auto give_up = Clock::now() + kLastWords;
    while (output_.pending()) {
      auto waits = output_.reader_waits();
      waits.push_back({signals_.fd(), POLLIN, 0});
      ::poll(waits.data(), waits.size(), interrupted_by_ != 0 ? 100 : -1);
      output_.flush();
      if (next_wish().signal != 0 || (interrupted_by_ != 0 && Clock::now() > give_up)) return;
    }
  }

  GroupSpec spec_;
  GroupCallbacks callbacks_;
  SignalTakeover signals_{SIGTSTP, SIGTTIN};
  GroupOutput output_{spec_, callbacks_};
  std::unique_ptr<EventPipe> events_;
  std::unique_ptr<Guard> guard_;

  std::map<int, pid_t> running_;         // by rank
  std::vector<RankEnd> ends_;            // in the order in which they happened
  bool killed_ = false;                  // all, by us
  std::set<int> leaving_;                // ranks that were on their way out before the group was told to stop
  std::map<int, int> told_before_stop_;  // the exit codes of those that had told of a failure by then, by rank
  std::optional<Hung> hung_;
  std::vector<ToldFailure> told_failure_;   // by an event, in that order
  std::optional<std::uint64_t> oom_kills_;  // when the group started
  bool stopping_ = false, failed_ = false, shares_terminal_ = false, out_of_time_ = false;
  bool gave_up_ = false;  // waiting for the guard
  int interrupted_by_ = 0;
  std::optional<Clock::time_point> kill_at_, tell_at_, give_up_at_, last_wish_;
  Clock::time_point next_tick_;
  Clock::duration paused_{};
};

RunningGroup::RunningGroup(GroupSpec spec, GroupCallbacks callbacks) {
  std::cout.flush();  // what the caller has printed comes before what the ranks print
  state_ = std::make_unique<State>(std::move(spec), std::move(callbacks));
}

RunningGroup::~RunningGroup() = default;

bool RunningGroup::left(int rank) const { return state_->left(rank); }

std::map<int, pid_t> RunningGroup::at_work() const { return state_->at_work(); }

void RunningGroup::end_hung(std::optional<int> rank, const std::string& cause, double last_words_s) {
  state_->end_hung(rank, cause, last_words_s);
}

double RunningGroup::paused_s() const { return state_->paused_s(); }

bool RunningGroup::stop_in_time(const std::string& why) { return state_->stop_in_time(why); }

void RunningGroup::say(const std::string& text) { state_->say(text); }

bool RunningGroup::turn() { return state_->turn(); }

GroupResult RunningGroup::finish() { return state_->finish(); }

GroupResult run_group(const GroupSpec& spec, const GroupCallbacks& callbacks) {
  RunningGroup group(spec, callbacks);
  while (group.turn()) {
  }
  return group.finish();
}

}  // namespace tlaunch
