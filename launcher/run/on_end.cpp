#include "launcher/run/on_end.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "base/error.h"
#include "base/path_lookup.h"
#include "base/shell_words.h"
#include "base/units.h"
#include "processes/group/environment.h"
#include "processes/guard/guard.h"
#include "processes/guard/process_tree.h"
#include "processes/guard/signal_takeover.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

constexpr double left_over_grace_s = 2;  // of processes that the command leaves behind, after SIGTERM
constexpr double kill_limit_s = 10;      // for the kernel to do away with what was killed

std::string end_text(int wait_status) {
  if (WIFSIGNALED(wait_status)) return std::string("was ended by SIG") + ::sigabbrev_np(WTERMSIG(wait_status));
  return "ended with exit code " + std::to_string(WEXITSTATUS(wait_status));
}

// From its start to the end of the last process below it.
class Command {
 public:
  Command(std::vector<SpawnRequest> requests, SignalTakeover& signals, double limit_s, const std::string& option)
      : signals_(signals),
        limit_s_(limit_s),
        name_(requests.front().argv.front()),
        option_(option),
        guard_(requests, -1, {}) {}

  void wait() {
    kill_at_s_ = monotonic_s() + limit_s_;
    while (!guard_.gone()) {
      pollfd waits[] = {{guard_.report_fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}};
      ::poll(waits, 2, static_cast<int>(std::max(0.0, kill_at_s_ - monotonic_s()) * 1000) + 1);
      if (const int signal = signals_.next().signal) kill(name_ + " is killed: SIG" + ::sigabbrev_np(signal));
      take_reports();
      if (guard_.gone() || monotonic_s() < kill_at_s_) continue;
      if (killed_) break;
      kill(left_over_ ? "" : name_ + " still runs after " + format_duration(limit_s_) + " and is killed");
    }
    if (guard_.gone() && guard_.wait()) return;
    if (!kill_descendants(kill_limit_s, [](pid_t, int) {})) tell(name_ + " cannot be killed and is left behind");
  }

 private:
  void tell(const std::string& text) const { say("tlaunch: " + option_ + ": " + text); }

  void take_reports() {
    GuardReport report{};
    while (guard_.next_report(report)) {
      if (report.kind == GuardReport::not_started) tell("cannot start " + name_ + ": " + std::strerror(report.value));
      if (report.kind == GuardReport::ended && report.value != 0 && !killed_)
        tell(name_ + " " + end_text(report.value));
      if (report.kind == GuardReport::left_over && !killed_) {
        left_over_ = true;
        guard_.send(SIGTERM);
        kill_at_s_ = std::min(kill_at_s_, monotonic_s() + left_over_grace_s);
      }
    }
  }

  void kill(const std::string& why) {
    if (killed_) return;
    if (!why.empty()) tell(why);
    killed_ = true;
    guard_.send(SIGKILL);
    kill_at_s_ = monotonic_s() + kill_limit_s;
  }

  SignalTakeover& signals_;
  double limit_s_, kill_at_s_ = 0;
  std::string name_, option_;
  Guard guard_;
  bool killed_ = false, left_over_ = false;
};

// What main() will make of it.
int exit_code_of(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return known->code();
  return dynamic_cast<const std::filesystem::filesystem_error*>(&error) ? exit_code::io : exit_code::failure;
}

}  // namespace

void take_ending(RunEnding& ending, const RunSummary& summary) {
  ending.run_dir = summary.run_dir;
  ending.status = summary.status;
  ending.reason = reason_of(summary);
}

int stopped_waiting(RunEnding& ending, int signal) {
  ending.status = signal == 0 ? "preempted" : "interrupted";
  ending.reason = signal == 0 ? "max_time" : std::string("SIG") + ::sigabbrev_np(signal);
  return signal == 0 ? exit_code::preempted : exit_code::signal_base + signal;
}

OnEnd::OnEnd(const std::optional<std::string>& command, double limit_s, const std::string& name)
    : limit_s_(limit_s), name_(name) {
  if (!command) return;
  if (!is_command(*command))
    throw UsageError(name_ + ": '" + *command +
                     "' is no command; a program and its arguments are needed, quoted as in a shell");
  argv_ = shell_words(*command);
  const std::string& program = argv_.front();
  const bool found = program.find('/') == std::string::npos ? !find_in_path(program).empty() : is_program(program);
  if (!found)
    throw UsageError(name_ + ": there is no program " + program +
                     (program.find('/') == std::string::npos ? " in PATH" : "") +
                     "; a shell's own words need sh -c '...'");
}

int OnEnd::around(RunEnding ending, const std::function<int(RunEnding&)>& work) const {
  if (argv_.empty()) return work(ending);
  const SignalHold hold;
  try {
    ending.exit_code = work(ending);
  } catch (const std::exception& error) {
    const auto* known = dynamic_cast<const Error*>(&error);
    ending.exit_code = exit_code_of(error);
    if (ending.status.empty()) ending.status = ending.exit_code == exit_code::preempted ? "preempted" : "failed";
    if (ending.reason.empty()) ending.reason = error.what();
    if (!known) {
      run(ending);
      throw;
    }
    // Before the command, which may take a while.
    if (*error.what() != '\0') say(std::string("tlaunch: ") + error.what());
    run(ending);
    throw Error(known->code(), "");
  }
  run(ending);
  return ending.exit_code;
}

void OnEnd::run(const RunEnding& ending) const {
  SignalTakeover signals;
  while (signals.next().signal != 0) continue;  // they were meant for the run, which has ended
  std::vector<SpawnRequest> requests(1);
  SpawnRequest& request = requests.front();
  request.argv = argv_;
  request.environment = worker_environment({{"TLAUNCH_STATUS", ending.status},
                                            {"TLAUNCH_REASON", ending.reason},
                                            {"TLAUNCH_RUN_DIR", ending.run_dir},
                                            {"TLAUNCH_EXIT_CODE", std::to_string(ending.exit_code)},
                                            {"TLAUNCH_NAME", ending.name}});
  // stdout holds the run's results.
  request.output = Descriptor(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  request.error = Descriptor(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  request.signal_mask = signals.mask_before();
  request.on_broken_pipe = signals.broken_pipe_before();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // should the guard be killed, its processes come to us
  try {
    Command(std::move(requests), signals, limit_s_, name_).wait();
  } catch (const Error& error) {
    say("tlaunch: " + name_ + ": not run: " + error.what());
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace tlaunch
