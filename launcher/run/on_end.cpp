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
#include "base/text.h"
#include "base/units.h"
#include "processes/group/environment.h"
#include "processes/guard/guard.h"
#include "processes/guard/process_tree.h"
#include "processes/guard/signal_takeover.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

constexpr double left_over_grace_s = 2;  // after SIGTERM, for processes that the command leaves behind
constexpr double kill_limit_s = 10;      // for the kernel to end the killed processes

std::string end_text(int wait_status) {
  if (WIFSIGNALED(wait_status)) return format_text("was ended by SIG{}", ::sigabbrev_np(WTERMSIG(wait_status)));
  return format_text("ended with exit code {}", WEXITSTATUS(wait_status));
}

// The command from its start to the end of the last process that it started.
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
      if (const int signal = signals_.next().signal)
        kill(format_text("{} is killed: SIG{}", name_, ::sigabbrev_np(signal)));
      take_reports();
      if (guard_.gone() || monotonic_s() < kill_at_s_) continue;
      if (killed_) break;
      kill(left_over_ ? "" : format_text("{} still runs after {} and is killed", name_, format_duration(limit_s_)));
    }
    if (guard_.gone() && guard_.wait()) return;
    if (!kill_descendants(kill_limit_s, [](pid_t, int) {}))
      report(format_text("{} could not be killed and still runs", name_));
  }

 private:
  void report(const std::string& text) const { say(format_text("tlaunch: {}: {}", option_, text)); }

  void take_reports() {
    GuardReport next{};
    while (guard_.next_report(next)) {
      if (next.kind == GuardReport::not_started)
        report(format_text("cannot start {}: {}", name_, std::strerror(next.value)));
      if (next.kind == GuardReport::ended && next.value != 0 && !killed_)
        report(format_text("{} {}", name_, end_text(next.value)));
      if (next.kind == GuardReport::left_over && !killed_) {
        left_over_ = true;
        guard_.send(SIGTERM);
        kill_at_s_ = std::min(kill_at_s_, monotonic_s() + left_over_grace_s);
      }
    }
  }

  void kill(const std::string& why) {
    if (killed_) return;
    if (!why.empty()) report(why);
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

// The exit code that main() makes of the error.
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
    throw UsageError(format_text("{}: {} is not a command; give a program and its arguments, quoted as in a shell",
                                 name_, quoted(*command)));
  argv_ = shell_words(*command);
  const std::string& program = argv_.front();
  const bool found = program.find('/') == std::string::npos ? !find_in_path(program).empty() : is_program(program);
  if (!found)
    throw UsageError(format_text("{}: program {} was not found{}; for a shell's built-in command write sh -c '...'",
                                 name_, quoted(program), program.find('/') == std::string::npos ? " in PATH" : ""));
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
    // The error is reported before the command, which may take a while.
    if (*error.what() != '\0') say(format_text("tlaunch: {}", error.what()));
    run(ending);
    throw Error(known->code(), "");
  }
  run(ending);
  return ending.exit_code;
}

void OnEnd::run(const RunEnding& ending) const {
  SignalTakeover signals;
  while (signals.next().signal != 0) continue;  // they were sent to the run, which has ended
  std::vector<SpawnRequest> requests(1);
  SpawnRequest& request = requests.front();
  request.argv = argv_;
  request.environment = worker_environment({{"TLAUNCH_STATUS", ending.status},
                                            {"TLAUNCH_REASON", ending.reason},
                                            {"TLAUNCH_RUN_DIR", ending.run_dir},
                                            {"TLAUNCH_EXIT_CODE", std::to_string(ending.exit_code)},
                                            {"TLAUNCH_NAME", ending.name}});
  // Not stdout, which has the results of the run.
  request.output = Descriptor(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  request.error = Descriptor(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  request.signal_mask = signals.mask_before();
  request.on_broken_pipe = signals.broken_pipe_before();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // if the guard is killed, its processes become children of this one
  try {
    Command(std::move(requests), signals, limit_s_, name_).wait();
  } catch (const Error& error) {
    say(format_text("tlaunch: {}: the command was not run: {}", name_, error.what()));
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace tlaunch
