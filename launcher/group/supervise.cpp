#include "launcher/group/supervise.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>

#include "core/error.h"
#include "core/worker_env.h"
#include "hardware/memory.h"
#include "launcher/group/environment.h"
#include "launcher/group/error_file.h"
#include "launcher/group/event_pipe.h"
#include "launcher/group/failure.h"
#include "launcher/group/group_result.h"
#include "launcher/group/guard.h"
#include "launcher/group/log_tee.h"
#include "launcher/group/process_tree.h"
#include "launcher/group/signal_takeover.h"
#include "launcher/terminal/console.h"

namespace tlaunch {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kTick = std::chrono::milliseconds(200);
// timeout(1), Slurm and the like send a signal to the process and again to its group: that is one wish, not two.
constexpr auto kOneWish = std::chrono::milliseconds(500);
constexpr auto kPatience = std::chrono::seconds(1);  // before the user is told what is waited for
constexpr auto kLastWords = std::chrono::seconds(1);  // for output that nobody reads, after the user stopped the group

double seconds(Clock::time_point time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

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
    if (!guard_->gone()) step();
    return !guard_->gone();
  }

  GroupResult finish() {
    if (!guard_->wait()) clean_up_without_guard();
    for (Source& source : sources_) read_output(source);
    for (const auto& tee : tees_) tee->finish(seconds(Clock::now()));
    read_events();
    write_out();
    GroupResult result =
        group_result({spec_.workers, ends_, told_failure_, spec_.saves_when_told, interrupted_by_, hung_},
                     [this](int rank) { return tees_[static_cast<std::size_t>(rank)]->last_lines(); });
    result.output_error = out_.error();
    for (const auto& tee : tees_)
      if (tee->log().lacks_output()) result.incomplete_logs.push_back(tee->log().path());
    return result;
  }

  bool left(int rank) const {
    return !stopping_ && std::any_of(ends_.begin(), ends_.end(), [&](const RankEnd& end) { return end.rank == rank; });
  }

  std::map<int, pid_t> at_work() const { return stopping_ ? std::map<int, pid_t>{} : running_; }

  void end_hung(std::optional<int> rank, const std::string& cause, double last_words_s) {
    if (stopping_) return;
    hung_ = Hung{rank, cause, rank ? tees_[static_cast<std::size_t>(*rank)]->last_lines() : std::vector<std::string>()};
    stopping_ = true;
    if (last_words_s <= 0) {
      kill();
      return;
    }
    kill_at_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(last_words_s));
    for (const auto& tee : tees_) tee->show_only_in_log(nowhere_);
  }

 private:
  // One output stream of one rank.
  struct Source {
    std::size_t rank;
    Stream stream;
    Descriptor pipe;  // empty after its end
  };

  void start() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // should the guard be killed, its processes come to us
    if (spec_.events) events_ = std::make_unique<EventPipe>();
    std::vector<SpawnRequest> requests(spec_.workers.size());
    for (std::size_t rank = 0; rank < requests.size(); ++rank) {
      const WorkerSpec& worker = spec_.workers[rank];
      tees_.push_back(std::make_unique<LogTee>(
          static_cast<int>(rank), requests.size() > 1 && !worker.inherit_stdin,
          LogFile(worker.log_path, spec_.log_limit_bytes, [this](const std::string& text) { say(text); }),
          spec_.show_output && worker.show_out ? out_ : nowhere_,
          spec_.show_output && worker.show_error ? error_ : nowhere_, [this, rank](const std::string& line) {
            if (callbacks_.on_line) callbacks_.on_line(static_cast<int>(rank), line);
          }));
      requests[rank] = request(worker, rank);
    }
    oom_kills_ = oom_kills(system_files());
    guard_ = std::make_unique<Guard>(requests, spec_.store_fd);
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
    Pipe out = make_pipe(), error = make_pipe();
    request.output = std::move(out.write);
    request.error = std::move(error.write);
    for (const auto& [stream, pipe] : {std::pair(Stream::out, &out), std::pair(Stream::error, &error)}) {
      set_nonblocking(pipe->read.get());
      sources_.push_back({rank, stream, std::move(pipe->read)});
    }
    return request;
  }

  // Waits for whatever comes first and deals with all that is there.
  void step() {
    std::vector<pollfd> waits;
    const auto wait_for = [&](int fd, short what) { waits.push_back({fd, what, 0}); };
    wait_for(guard_->report_fd(), POLLIN);
    wait_for(signals_.fd(), POLLIN);
    wait_for(events_ ? events_->read_fd() : -1, POLLIN);
    wait_for(out_.pending() ? out_.fd() : -1, POLLOUT);
    wait_for(error_.pending() ? error_.fd() : -1, POLLOUT);
    const std::size_t first_source = waits.size();
    for (const Source& source : sources_) {
      // Output that the terminal does not take makes its writers wait; it is not piled up here.
      const bool full = (source.stream == Stream::out ? out_ : error_).blocked();
      wait_for(full ? -1 : source.pipe.get(), POLLIN);
      if (full && callbacks_.on_output) callbacks_.on_output();
    }
    ::poll(waits.data(), waits.size(), wait_ms());

    out_.flush();
    error_.flush();
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (waits[first_source + i].revents != 0) read_output(sources_[i]);
    }
    if (waits[2].revents != 0) read_events();
    handle_signals();
    handle_reports();
    const auto now = Clock::now();
    if (kill_at_ && now >= *kill_at_) kill();
    if (tell_at_ && now >= *tell_at_) tell_who_is_waited_for();
    if (now >= next_tick_) {
      next_tick_ = now + kTick;
      if (callbacks_.on_tick) callbacks_.on_tick();
    }
  }

  int wait_ms() const {
    std::optional<Clock::time_point> until = kill_at_;
    if (tell_at_ && (!until || *tell_at_ < *until)) until = tell_at_;
    if (callbacks_.on_tick && (!until || next_tick_ < *until)) until = next_tick_;
    if (!until) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }

  // Takes what is there, up to a bound while the group runs, so that one loud rank does not keep signals waiting.
  void read_output(Source& source) {
    if (!source.pipe) return;
    static char bytes[65536];
    for (int round = 0; round < 4 || guard_->gone(); ++round) {
      const ssize_t size = ::read(source.pipe.get(), bytes, sizeof bytes);
      if (size > 0) {
        if (callbacks_.on_output) callbacks_.on_output();
        tees_[source.rank]->feed(source.stream, {bytes, static_cast<std::size_t>(size)}, seconds(Clock::now()));
      } else if (size == 0 || errno == EAGAIN) {
        if (size == 0) source.pipe.reset();
        return;
      }
    }
  }

  void read_events() {
    if (!events_) return;
    events_->drain(
        [this](Json event) {
          if (event["event"] == "failure" && event.contains("rank") && event["rank"].is_number_integer()) {
            const int rank = event["rank"].get<int>();
            if (std::find(told_failure_.begin(), told_failure_.end(), rank) == told_failure_.end()) {
              told_failure_.push_back(rank);
            }
          }
          if (event["event"] == "told_to_stop") pass_on_wish(event);
          if (callbacks_.on_event) callbacks_.on_event(std::move(event));
        },
        [this](const std::string& line) { say("dropped a line of the event pipe that is no event: " + line); });
  }

  // What a cluster tells one rank is meant for the job.
  void pass_on_wish(const Json& event) {
    if (stopping_ || !event.contains("rank") || !event["rank"].is_number_integer()) return;
    say("rank " + std::to_string(event["rank"].get<int>()) + " was told to stop: so are the others");
    interrupted_by_ = SIGTERM;
    stop(SIGTERM);
  }

  void handle_signals() {
    for (auto arrival = signals_.next(); arrival.signal != 0; arrival = signals_.next()) {
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
      say(std::string("SIG") + ::sigabbrev_np(arrival.signal) + ": " + (spec_.saves_when_told ? "saving and " : "") +
          "stopping the ranks (once more to kill them)");
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
        case GuardReport::started:
          running_[report.rank] = report.pid;
          break;
        case GuardReport::not_started:
          ended({report.rank, 0, report.value, !stopping_, {}});
          break;
        case GuardReport::ended:
          running_.erase(report.rank);
          read_events();  // all that it told before its end
          ended({report.rank, report.value, 0, !stopping_ || settled_.contains(report.rank), {}});
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
    if (end.start_error == 0 && WIFSIGNALED(end.wait_status) && WTERMSIG(end.wait_status) == SIGKILL) {
      const auto kills = oom_kills(system_files());
      end.out_of_memory = kills && oom_kills_ && *kills > *oom_kills_;
    }
    end.left_early = end.start_error == 0 && end.wait_status == 0 && !stopping_ && callbacks_.left_early &&
                     callbacks_.left_early(end.rank);
    ends_.push_back(end);
    if (exit_code_of(end) == 0 || stopping_) return;
    if (end.left_early && !others_run()) return;  // they are about to tell how it ends
    failed_ = true;
    // Who is on the way out already, or has told of its failure, dies of its own cause, whatever order the ends are
    // reported in.
    for (const auto& [rank, pid] : running_) {
      if (is_exiting(pid) || error_time_ns(spec_.workers[rank].error_path)) settled_.insert(rank);
    }
    stop(SIGTERM);
    if (callbacks_.nothing_to_save && callbacks_.nothing_to_save()) kill();
  }

  bool others_run() const {
    return std::any_of(running_.begin(), running_.end(),
                       [](const auto& running) { return !is_exiting(running.second); });
  }

  // `signal` 0: they know.
  void stop(int signal) {
    stopping_ = true;
    if (signal != 0) guard_->send(signal);
    kill_at_ = Clock::now() + grace();
    tell_at_ = Clock::now() + kPatience;
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
    guard_->send(SIGKILL);
    kill_at_.reset();
  }

  Clock::duration grace() const {
    return std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(std::clamp(spec_.grace_s, 0.0, 1e6)));
  }

  // The guard was killed. The kernel killed the ranks with it; what they had started is ours now.
  void clean_up_without_guard() {
    while (true) {
      for (const pid_t pid : descendants_of(::getpid())) ::kill(pid, SIGKILL);
      if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) break;
    }
    throw Error(exit_code::failure, "the launcher's guard process was killed; all ranks were stopped");
  }

  // Output that the terminal has not taken yet. Waits for a slow reader, but not after the user wanted to stop.
  void write_out() {
    const auto give_up = Clock::now() + kLastWords;
    while (out_.pending() || error_.pending()) {
      pollfd waits[] = {{out_.pending() ? out_.fd() : -1, POLLOUT, 0},
                        {error_.pending() ? error_.fd() : -1, POLLOUT, 0},
                        {signals_.fd(), POLLIN, 0}};
      ::poll(waits, 3, interrupted_by_ != 0 ? 100 : -1);
      out_.flush();
      error_.flush();
      if (signals_.next().signal != 0 || (interrupted_by_ != 0 && Clock::now() > give_up)) return;
    }
  }

  void say(const std::string& text) {
    error_.append("tlaunch: " + text + "\n");
    error_.flush();
  }

  GroupSpec spec_;
  GroupCallbacks callbacks_;
  SignalTakeover signals_;
  Console out_{STDOUT_FILENO}, error_{STDERR_FILENO}, nowhere_{-1};
  std::unique_ptr<EventPipe> events_;
  std::vector<std::unique_ptr<LogTee>> tees_;  // by rank
  std::vector<Source> sources_;
  std::unique_ptr<Guard> guard_;

  std::map<int, pid_t> running_;      // by rank
  std::vector<RankEnd> ends_;         // in the order in which they happened
  std::set<int> settled_;             // ranks whose end was on its way before the group was told to stop
  std::optional<Hung> hung_;
  std::vector<int> told_failure_;   // ranks that told of a failure, in that order
  std::optional<std::uint64_t> oom_kills_;  // when the group started
  bool stopping_ = false, failed_ = false, shares_terminal_ = false;
  int interrupted_by_ = 0;
  std::optional<Clock::time_point> kill_at_, tell_at_, last_wish_;
  Clock::time_point next_tick_;
};

RunningGroup::RunningGroup(GroupSpec spec, GroupCallbacks callbacks) {
  open_standard_descriptors();
  std::cout.flush();  // what the caller has printed comes before what the ranks print
  state_ = std::make_unique<State>(std::move(spec), std::move(callbacks));
}

RunningGroup::~RunningGroup() = default;

bool RunningGroup::left(int rank) const { return state_->left(rank); }

std::map<int, pid_t> RunningGroup::at_work() const { return state_->at_work(); }

void RunningGroup::end_hung(std::optional<int> rank, const std::string& cause, double last_words_s) {
  state_->end_hung(rank, cause, last_words_s);
}

bool RunningGroup::turn() { return state_->turn(); }

GroupResult RunningGroup::finish() { return state_->finish(); }

GroupResult run_group(const GroupSpec& spec, const GroupCallbacks& callbacks) {
  RunningGroup group(spec, callbacks);
  while (group.turn()) {
  }
  return group.finish();
}

}  // namespace tlaunch
