#include "processes/group/supervise.h"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "base/clock.h"
#include "base/error.h"
#include "base/units.h"
#include "processes/group/failure.h"
#include "processes/group/group_output.h"
#include "processes/group/group_result.h"
#include "processes/group/poll_set.h"
#include "processes/group/rank_processes.h"
#include "processes/group/told_failures.h"
#include "processes/group/trace.h"
#include "processes/group/worker_request.h"
#include "processes/guard/signal_takeover.h"
#include "processes/output/event_pipe.h"

namespace tlaunch {

namespace {

using Clock = PollSet::Clock;

constexpr auto tick = std::chrono::milliseconds(200);
// timeout(1), Slurm and the like send a signal to the process and again to its group: that is one wish, not two.
constexpr auto one_wish = std::chrono::milliseconds(500);
constexpr auto patience = std::chrono::seconds(1);     // before the user is told what is waited for
constexpr auto last_words = std::chrono::seconds(1);   // for output that nobody reads, after the user stopped the group
constexpr auto kill_limit = std::chrono::seconds(10);  // for the guard to do away with what it was told to kill

// Each phase is entered once, in this order; some are left out.
enum class Phase {
  running,   // nobody told the ranks to stop
  stopping,  // they were told, and have the grace to end
  killing,   // SIGKILL was sent to all that is left
  ended,     // no process is left, or the guard does not answer
};

enum class StopCause { none, signal, time_limit, failure, hang };

Clock::duration duration_of(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

class RunningGroup::State {
 public:
  State(GroupSpec spec, GroupCallbacks callbacks) : spec_(std::move(spec)), callbacks_(std::move(callbacks)) {
    if (spec_.workers.empty()) throw std::logic_error("run_group: no workers");
    start();
    listen();
  }

  ~State() {
    if (phase_ != Phase::ended) trace("decision", "kill: the group is not needed any more");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  bool turn() {
    if (phase_ != Phase::ended) step();
    return phase_ != Phase::ended;
  }

  GroupResult finish() {
    if (!processes_.clean_up([this](const std::string& text) { say(text); })) {
      trace("end", "the guard was killed");
      throw Error(exit_code::failure, "the launcher's guard process was killed; all ranks were stopped");
    }
    output_.read_to_the_end();
    read_events();
    write_out();
    const RunRecord* run = callbacks_.run_record ? &callbacks_.run_record() : nullptr;
    GroupResult result = group_result({spec_.workers, roster_.ends(), told_failures_.by_event(), spec_.saves_when_told,
                                       interrupted_by_, cause_ == StopCause::time_limit, hung_},
                                      run, [this](int rank) { return output_.last_lines(rank); });
    result.reader_gone = result.failure && result.failure->signal == SIGPIPE && output_.reader_gone();
    result.output_error = output_.error();
    result.incomplete_logs = output_.incomplete_logs();
    trace("end", "exit code " + std::to_string(result.exit_code));
    return result;
  }

  bool left(int rank) const { return !told_to_stop() && roster_.has_ended(rank); }

  std::map<int, pid_t> at_work() const { return told_to_stop() ? std::map<int, pid_t>{} : roster_.running(); }

  double paused_s() const { return std::chrono::duration<double>(paused_).count(); }

  void say(const std::string& text) { output_.say(text); }

  bool stop_in_time(const std::string& why) {
    if (told_to_stop() || phase_ == Phase::ended) return false;
    say(why + ": " + what_a_stop_does());
    interrupted_by_ = SIGTERM;
    stop(StopCause::time_limit, SIGTERM, why);
    return true;
  }

  void end_hung(std::optional<int> rank, const std::string& cause, double last_words_s) {
    if (told_to_stop()) return;
    hung_ = Hung{rank, cause, rank ? output_.last_lines(*rank) : std::vector<std::string>()};
    cause_ = StopCause::hang;
    roster_.hung();
    trace("decision", "stop: " + cause, rank ? processes_.traced(*rank) : TracedProcess{});
    enter(Phase::stopping);
    if (last_words_s <= 0) {
      kill("the group hangs");
      return;
    }
    kill_timer_.set_in(duration_of(last_words_s));
    output_.show_only_in_logs();
  }

 private:
  bool told_to_stop() const { return cause_ != StopCause::none; }

  void enter(Phase phase) { phase_ = std::max(phase_, phase); }

  void start() {
    if (spec_.events) events_ = std::make_unique<EventPipe>();
    std::vector<SpawnRequest> requests;
    for (const WorkerSpec& worker : spec_.workers) {
      const int store_fd = requests.empty() ? spec_.store_fd : -1;  // rank 0 serves it
      requests.push_back(worker_request(worker, events_ ? events_->write_fd() : -1, store_fd, signals_));
      shares_terminal_ = shares_terminal_ || shares_terminal(requests.back());
      output_.add_rank(requests.back());
    }
    processes_.start(requests, spec_.store_fd, output_.pipes());
    if (events_) events_->close_write();
    trace("start", std::to_string(spec_.workers.size()) + " rank(s) of " + spec_.workers.front().argv.front() +
                       ", grace " + format_duration(spec_.grace_s));
  }

  // What a turn deals with, in this order, and before what timers are for.
  void listen() {
    output_.add_to(polls_);
    polls_.add([this] { return events_ ? events_->read_fd() : -1; }, POLLIN, [this] { read_events(); });
    polls_.add([this] { return signals_.fd(); }, POLLIN, [this] { handle_signals(); });
    polls_.add([this] { return processes_.report_fd(); }, POLLIN,
               [this] {
                 handle_signals();  // one that came meanwhile comes before the ends that it causes
                 processes_.handle_reports();
                 if (processes_.gone()) enter(Phase::ended);
               });
    if (callbacks_.on_tick) tick_timer_.set_in(tick);
  }

  void step() {
    set_draw_timer();
    polls_.wait();
    output_.settle();
    polls_.dispatch();
  }

  void on_tick() {
    tick_timer_.set_in(tick);
    callbacks_.on_tick();
  }

  void set_draw_timer() {
    const auto draw_s = output_.next_draw_s();
    if (draw_s)
      draw_timer_.set_in(duration_of(std::clamp(*draw_s - monotonic_s(), 0.0, 1.0)));
    else
      draw_timer_.clear();
  }

  void read_events() {
    if (!events_) return;
    events_->drain(
        [this](const StampedEvent& event) {
          if (const auto* failure = std::get_if<FailureEvent>(&event.event)) on_failure(event.rank, *failure);
          if (std::holds_alternative<ToldToStopEvent>(event.event)) pass_on_wish(event.rank);
          if (callbacks_.on_event) callbacks_.on_event(event);
        },
        [this](const std::string& line) { say("dropped a line of the event pipe that is no event: " + line); });
  }

  void on_failure(int rank, const FailureEvent& failure) {
    trace("told", "failure, exit code " + std::to_string(failure.exit_code) + ": " + failure.message,
          processes_.traced(rank));
    told_failures_.on_event(rank, failure);
  }

  // What a cluster tells one rank is meant for the job.
  void pass_on_wish(int rank) {
    if (told_to_stop() || rank < 0) return;
    say("rank " + std::to_string(rank) + " was told to stop: so are the others");
    interrupted_by_ = SIGTERM;
    stop(StopCause::signal, SIGTERM, "rank " + std::to_string(rank) + " was told to stop");
  }

  std::string what_a_stop_does() const {
    if (!spec_.told_to_stop.empty()) return spec_.told_to_stop;
    return std::string(spec_.saves_when_told ? "saving and " : "") + "stopping the ranks";
  }

  // The next signal that is not about stopping for a while.
  SignalTakeover::Arrival next_wish() {
    for (;;) {
      const auto arrival = signals_.next();
      if (arrival.signal != 0) trace_arrival(arrival);
      if (arrival.signal != SIGTSTP && arrival.signal != SIGTTIN) return arrival;
      pause(arrival);
    }
  }

  // The ranks have process groups of their own: they would compute on while the shell shows the job as stopped.
  void pause(const SignalTakeover::Arrival& arrival) {
    const auto began = Clock::now();
    processes_.send(arrival.from_terminal ? SIGTSTP : SIGSTOP);
    output_.leave_terminal();
    signals_.stop_here(arrival.signal);
    processes_.send(SIGCONT);
    const auto away = Clock::now() - began;
    trace("decision", "going on after a pause of " + format_duration(std::chrono::duration<double>(away).count()));
    polls_.postpone(away);
    if (last_wish_) *last_wish_ += away;
    paused_ += away;
  }

  void handle_signals() {
    for (auto arrival = next_wish(); arrival.signal != 0; arrival = next_wish()) {
      const bool is_passed_on = arrival.signal == SIGUSR1 && !spec_.saves_when_told;
      if (is_passed_on)
        processes_.send(SIGUSR1);
      else if (is_new_wish())
        heed(arrival);
    }
  }

  bool is_new_wish() {
    const auto now = Clock::now();
    if (last_wish_ && now - *last_wish_ < one_wish) {
      trace("decision", "not heeded: it came with the signal before it");
      return false;
    }
    last_wish_ = now;
    return true;
  }

  void heed(const SignalTakeover::Arrival& arrival) {
    if (told_to_stop()) {
      say("killing the ranks");
      kill("told to stop a second time");
      return;
    }
    interrupted_by_ = arrival.signal;
    say(signal_name(arrival.signal) + ": " + what_a_stop_does() + " (once more to kill them)");
    const std::string wanted = "the user or the cluster wants it";
    const int signal = arrival.signal == SIGINT ? SIGINT : SIGTERM;
    if (!shares_terminal_ || !arrival.from_terminal) {
      stop(StopCause::signal, signal, wanted);
      return;
    }
    // The worker that shares our terminal has had its Ctrl-C already.
    for (const auto& [rank, pid] : roster_.running()) {
      if (!spec_.workers[static_cast<std::size_t>(rank)].inherit_stdin) processes_.send(signal, rank);
    }
    stop(StopCause::signal, 0, wanted);
  }

  void ended(RankEnd end) {
    end.after_kill = phase_ == Phase::killing;
    end.left_early = end.start_error == 0 && end.wait_status == 0 && !told_to_stop() && callbacks_.left_early &&
                     callbacks_.left_early(end.rank);
    roster_.add(end);
    const bool failed = exit_code_of(end) != 0;
    if (told_to_stop()) {
      if (end.before_stop || (failed && !left_saved(end))) kill_where_nothing_is_to_save();
      return;
    }
    if (!failed) return;
    if (end.left_early && !roster_.some_are_at_work()) return;  // they are about to tell how it ends
    stop(StopCause::failure, SIGTERM,
         "rank " + std::to_string(end.rank) + (end.left_early ? " left before its work was done" : " failed"));
  }

  // All ranks are gone, and `count` processes that they started are not.
  void end_left_over(int count) {
    if (count > 0) {
      const std::string text = "stopping " + std::to_string(count) + " process(es) that the ranks left running";
      trace("decision", text);
      if (!told_to_stop()) say(text);
    }
    processes_.send(SIGTERM);
    if (!kill_timer_.due()) kill_timer_.set_in(grace());
  }

  // Called where a rank is gone: in start-up the others wait for it to join them and heed no signal meanwhile. A rank
  // that is told to stop while it loads its libraries dies of the signal.
  void kill_where_nothing_is_to_save() {
    if (callbacks_.nothing_to_save && callbacks_.nothing_to_save()) kill("nothing is there to save yet");
  }

  // `signal` 0: they know.
  void stop(StopCause cause, int signal, const std::string& why) {
    trace("decision", "stop: " + why);
    cause_ = cause;
    enter(Phase::stopping);
    roster_.told_to_stop(
        [this](int rank) { return told_failures_.exit_code(rank, spec_.workers[static_cast<std::size_t>(rank)]); });
    if (signal != 0) processes_.send(signal);
    kill_timer_.set_in(grace());
    tell_timer_.set_in(patience);
    if (!roster_.ends().empty()) kill_where_nothing_is_to_save();
  }

  void tell_who_is_waited_for() {
    if (roster_.running().empty() || !kill_timer_.due()) return;
    std::string ranks;
    for (const auto& [rank, pid] : roster_.running()) ranks += (ranks.empty() ? "" : ", ") + std::to_string(rank);
    const auto left_s = std::chrono::ceil<std::chrono::seconds>(*kill_timer_.due() - Clock::now()).count();
    const std::string text = "waiting up to " + std::to_string(left_s) + " s for rank " + ranks + " to end";
    trace("decision", text);
    say(text);
  }

  void kill(const std::string& why) {
    trace("decision", "kill: " + why);
    enter(Phase::killing);
    processes_.send(SIGKILL);
    kill_timer_.clear();
    if (!give_up_timer_.due()) give_up_timer_.set_in(kill_limit);
  }

  void give_up() {
    trace("decision", "no longer waited for: the guard does not answer");
    enter(Phase::ended);
  }

  Clock::duration grace() const { return duration_of(std::clamp(spec_.grace_s, 0.0, 1e6)); }

  // Output that the terminal has not taken yet. Waits for a slow reader, but not after the user wanted to stop.
  void write_out() {
    bool enough = false;
    PollSet polls;
    output_.add_readers_to(polls);
    polls.add([this] { return signals_.fd(); }, POLLIN, [&] { enough = next_wish().signal != 0; });
    PollSet::Timer& give_up = polls.add_timer([&] { enough = true; });
    if (interrupted_by_ != 0) give_up.set_in(last_words);
    while (output_.pending() && !enough) {
      polls.wait();
      output_.flush();
      polls.dispatch();
    }
  }

  GroupSpec spec_;
  GroupCallbacks callbacks_;
  SignalTakeover signals_{SIGTSTP, SIGTTIN};
  GroupOutput output_{spec_, callbacks_};
  std::unique_ptr<EventPipe> events_;
  RankProcesses processes_{{[this] { read_events(); },  // all that the rank told before its end
                            [this](RankEnd end) { ended(std::move(end)); },
                            [this](int count) { end_left_over(count); }}};
  RankRoster& roster_ = processes_.roster();

  Phase phase_ = Phase::running;
  StopCause cause_ = StopCause::none;
  int interrupted_by_ = 0;    // the signal, where the cause is a signal or a limit
  std::optional<Hung> hung_;  // where the cause is a hang
  ToldFailures told_failures_;
  bool shares_terminal_ = false;

  PollSet polls_;
  PollSet::Timer& kill_timer_ = polls_.add_timer([this] { kill("the grace is over"); });
  PollSet::Timer& tell_timer_ = polls_.add_timer([this] { tell_who_is_waited_for(); });
  PollSet::Timer& give_up_timer_ = polls_.add_timer([this] { give_up(); });
  PollSet::Timer& tick_timer_ = polls_.add_timer([this] { on_tick(); });
  PollSet::Timer& draw_timer_ = polls_.add_timer([] {});  // ends a wait, so that settle() draws
  std::optional<Clock::time_point> last_wish_;
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
