#include "processes/group/supervise.h"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
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
// timeout(1), Slurm and the like send a signal to the process and again to its group: that is one request, not two.
constexpr auto one_wish = std::chrono::milliseconds(500);
constexpr auto patience = std::chrono::seconds(1);     // before a message says which ranks are waited for
constexpr auto last_words = std::chrono::seconds(1);   // for output that nobody reads, after the user stopped the group
constexpr auto kill_limit = std::chrono::seconds(10);  // for the guard to kill all processes

// Each phase is entered once, in this order; some are skipped.
enum class Phase {
  running,   // nobody asked the ranks to stop
  stopping,  // they were asked to stop, and have the grace to end
  killing,   // SIGKILL was sent to all that are left
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
    trace("end", format_text("exit code {}", result.exit_code));
    return result;
  }

  bool left(int rank) const { return !stop_requested() && roster_.has_ended(rank); }

  std::map<int, pid_t> at_work() const { return stop_requested() ? std::map<int, pid_t>{} : roster_.running(); }

  double paused_s() const { return std::chrono::duration<double>(paused_).count(); }

  void say(const std::string& text) { output_.say(text); }

  bool stop_in_time(const std::string& why) {
    if (stop_requested() || phase_ == Phase::ended) return false;
    say(format_text("{}: {}", why, what_a_stop_does()));
    interrupted_by_ = SIGTERM;
    stop(StopCause::time_limit, SIGTERM, why);
    return true;
  }

  void end_hung(std::optional<int> rank, const std::string& cause, double last_words_s) {
    if (stop_requested()) return;
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
  bool stop_requested() const { return cause_ != StopCause::none; }

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
    trace("start", format_text("{} rank(s) of {}, grace {}", spec_.workers.size(), spec_.workers.front().argv.front(),
                               format_duration(spec_.grace_s)));
  }

  // A turn handles these in this order, and timers after them.
  void listen() {
    output_.add_to(polls_);
    polls_.add([this] { return events_ ? events_->read_fd() : -1; }, POLLIN, [this] { read_events(); });
    polls_.add([this] { return signals_.fd(); }, POLLIN, [this] { handle_signals(); });
    polls_.add([this] { return processes_.report_fd(); }, POLLIN,
               [this] {
                 handle_signals();  // a signal that came meanwhile is handled before the ends that it causes
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
        [this](const std::string& line) {
          say(format_text("dropped a line of the event pipe that is not an event: {}", line));
        });
  }

  void on_failure(int rank, const FailureEvent& failure) {
    trace("told", format_text("failure, exit code {}: {}", failure.exit_code, failure.message),
          processes_.traced(rank));
    told_failures_.on_event(rank, failure);
  }

  // If a cluster asks one rank to stop, it means the job.
  void pass_on_wish(int rank) {
    if (stop_requested() || rank < 0) return;
    say(format_text("rank {} was asked to stop; stopping the other ranks too", rank));
    interrupted_by_ = SIGTERM;
    stop(StopCause::signal, SIGTERM, format_text("rank {} was asked to stop", rank));
  }

  std::string what_a_stop_does() const {
    if (!spec_.stop_text.empty()) return spec_.stop_text;
    return spec_.saves_when_told ? "saving and stopping the ranks" : "stopping the ranks";
  }

  // The next signal that is not about a pause.
  SignalTakeover::Arrival next_wish() {
    for (;;) {
      const auto arrival = signals_.next();
      if (arrival.signal != 0) trace_arrival(arrival);
      if (arrival.signal != SIGTSTP && arrival.signal != SIGTTIN) return arrival;
      pause(arrival);
    }
  }

  // The ranks have their own process groups: they would continue while the shell shows the job as stopped.
  void pause(const SignalTakeover::Arrival& arrival) {
    const auto began = Clock::now();
    processes_.send(arrival.from_terminal ? SIGTSTP : SIGSTOP);
    output_.leave_terminal();
    signals_.stop_here(arrival.signal);
    processes_.send(SIGCONT);
    const auto away = Clock::now() - began;
    const double away_s = std::chrono::duration<double>(away).count();
    trace("decision", format_text("continuing after a pause of {}", format_duration(away_s)));
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
      trace("decision", "ignored: it came together with the signal before it");
      return false;
    }
    last_wish_ = now;
    return true;
  }

  void heed(const SignalTakeover::Arrival& arrival) {
    if (stop_requested()) {
      say("killing the ranks");
      kill("asked to stop a second time");
      return;
    }
    interrupted_by_ = arrival.signal;
    say(format_text("{}: {} (send it again to kill them now)", signal_name(arrival.signal), what_a_stop_does()));
    const std::string wanted = "the user or the cluster wants it";
    const int signal = arrival.signal == SIGINT ? SIGINT : SIGTERM;
    if (!shares_terminal_ || !arrival.from_terminal) {
      stop(StopCause::signal, signal, wanted);
      return;
    }
    // The worker that shares our terminal has already received Ctrl-C.
    for (const auto& [rank, pid] : roster_.running()) {
      if (!spec_.workers[static_cast<std::size_t>(rank)].inherit_stdin) processes_.send(signal, rank);
    }
    stop(StopCause::signal, 0, wanted);
  }

  void ended(RankEnd end) {
    end.after_kill = phase_ == Phase::killing;
    end.left_early = end.start_error == 0 && end.wait_status == 0 && !stop_requested() && callbacks_.left_early &&
                     callbacks_.left_early(end.rank);
    roster_.add(end);
    const bool failed = exit_code_of(end) != 0;
    if (stop_requested()) {
      if (end.before_stop || (failed && !left_saved(end))) kill_where_nothing_is_to_save();
      return;
    }
    if (!failed) return;
    if (end.left_early && !roster_.some_are_at_work()) return;  // the ends of the others will show how it ended
    stop(StopCause::failure, SIGTERM,
         format_text("rank {} {}", end.rank, end.left_early ? "left before its work was done" : "failed"));
  }

  // All ranks are gone, and `count` processes that they started are not.
  void end_left_over(int count) {
    if (count > 0) {
      const std::string text =
          format_text("stopping {} {} that the ranks left running", count, count == 1 ? "process" : "processes");
      trace("decision", text);
      if (!stop_requested()) say(text);
    }
    processes_.send(SIGTERM);
    if (!kill_timer_.due()) kill_timer_.set_in(grace());
  }

  // Called when a rank is gone: in start-up the others wait for it to join them and do not handle signals meanwhile. A
  // rank that is asked to stop while it loads its libraries dies of the signal.
  void kill_where_nothing_is_to_save() {
    if (callbacks_.nothing_to_save && callbacks_.nothing_to_save()) kill("there is nothing to save yet");
  }

  // `signal` 0: the ranks already have it.
  void stop(StopCause cause, int signal, const std::string& why) {
    trace("decision", "stop: " + why);
    cause_ = cause;
    enter(Phase::stopping);
    roster_.stop_requested(
        [this](int rank) { return told_failures_.exit_code(rank, spec_.workers[static_cast<std::size_t>(rank)]); });
    if (signal != 0) processes_.send(signal);
    kill_timer_.set_in(grace());
    tell_timer_.set_in(patience);
    if (!roster_.ends().empty()) kill_where_nothing_is_to_save();
  }

  void tell_who_is_waited_for() {
    if (roster_.running().empty() || !kill_timer_.due()) return;
    std::vector<std::string> ranks;
    for (const auto& [rank, pid] : roster_.running()) ranks.push_back(std::to_string(rank));
    const auto left_s = std::chrono::ceil<std::chrono::seconds>(*kill_timer_.due() - Clock::now()).count();
    const std::string text = format_text("waiting up to {} s for {} {} to end", left_s,
                                         ranks.size() == 1 ? "rank" : "ranks", joined(ranks, ", "));
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
    trace("decision", "no longer waiting: the guard does not answer");
    enter(Phase::ended);
  }

  Clock::duration grace() const { return duration_of(std::clamp(spec_.grace_s, 0.0, 1e6)); }

  // Writes output that the terminal has not taken yet. Waits for a slow reader, unless the user asked for a stop.
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
  RankProcesses processes_{{[this] { read_events(); },  // all events from before the rank's end
                            [this](RankEnd end) { ended(std::move(end)); },
                            [this](int count) { end_left_over(count); }}};
  RankRoster& roster_ = processes_.roster();

  Phase phase_ = Phase::running;
  StopCause cause_ = StopCause::none;
  int interrupted_by_ = 0;    // the signal, if the cause is a signal or a limit
  std::optional<Hung> hung_;  // if the cause is a hang
  ToldFailures told_failures_;
  bool shares_terminal_ = false;

  PollSet polls_;
  PollSet::Timer& kill_timer_ = polls_.add_timer([this] { kill("the grace period is over"); });
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
