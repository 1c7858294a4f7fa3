#include "processes/group/failure.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <sstream>

#include "base/error.h"
#include "base/path_lookup.h"
#include "base/text.h"
#include "processes/group/trace.h"

namespace tlaunch {

namespace {

constexpr std::size_t most_victims = 6;

std::string signal_text(int signal) {
  static const std::map<int, std::string> words = {
      {SIGSEGV, "segmentation fault"}, {SIGKILL, "out of memory?"},      {SIGABRT, "aborted"},
      {SIGBUS, "bus error"},           {SIGILL, "illegal instruction"},  {SIGFPE, "arithmetic error"},
      {SIGTERM, "terminated"},         {SIGINT, "interrupted"},          {SIGHUP, "hung up"},
      {SIGPIPE, "broken pipe"},        {SIGSYS, "forbidden system call"}};
  const auto word = words.find(signal);
  return word == words.end() ? signal_name(signal) : format_text("{} ({})", signal_name(signal), word->second);
}

std::string why_not_started(int error, const std::string& program) {
  if (error == ENOENT)
    return is_program(program_path(program)) ? "the program that its #! line or its loader names was not found"
                                             : "not found";
  if (error == ENOEXEC) return "it has no #! line and is not a program for this machine";
  return std::strerror(error);
}

bool failed(const RankEnd& end) { return end.start_error != 0 || end.wait_status != 0 || end.left_early; }

bool killed(const RankEnd& end) { return end.start_error == 0 && WIFSIGNALED(end.wait_status); }

bool by_our_signal(const RankEnd& end) {
  if (end.before_stop || !killed(end)) return false;
  const int signal = WTERMSIG(end.wait_status);
  return signal == SIGTERM || signal == SIGINT || (signal == SIGKILL && end.after_kill);
}

}  // namespace

bool by_foreign_signal(const RankEnd& end) { return !end.before_stop && killed(end) && !by_our_signal(end); }

namespace {

// Whether the failure that it reported is the reason of its end, not the signal that came while it was exiting.
bool ended_by_what_it_told(const RankEnd& end) { return by_our_signal(end) && end.told_exit_code; }

// By a signal, but not by one with which communication libraries end a rank whose peer is gone.
bool killed_on_its_own(const RankEnd& end) {
  return killed(end) && WTERMSIG(end.wait_status) != SIGABRT && WTERMSIG(end.wait_status) != SIGPIPE;
}

// Whether no peer's failure can have caused the end. A rank that had reported a failure and crashes while it exits (a
// card's libraries do that) failed when it reported.
bool ended_by_itself(const RankEnd& end) {
  if (!end.before_stop || end.reported.value_or(0) != 0) return false;
  return end.left_early || killed_on_its_own(end);
}

bool ended_as_asked(const RankEnd& end) {
  if (end.before_stop) return false;
  return by_our_signal(end) || left_saved(end);
}

int weight(const RankEnd& end) {
  if (ended_by_itself(end)) return 0;
  if (end.before_stop || end.told_exit_code) return 1;
  if (by_foreign_signal(end) && killed_on_its_own(end)) return 2;  // its peers fail because of it
  return ended_as_asked(end) ? 4 : 3;
}

}  // namespace

int exit_code_of(const RankEnd& end) {
  if (end.start_error != 0) return end.start_error == ENOENT ? 127 : 126;
  if (ended_by_what_it_told(end)) return *end.told_exit_code;
  if (end.left_early) return exit_code::failure;
  return WIFSIGNALED(end.wait_status) ? exit_code::signal_base + WTERMSIG(end.wait_status)
                                      : WEXITSTATUS(end.wait_status);
}

int signal_of(const RankEnd& end) { return killed(end) && !ended_by_what_it_told(end) ? WTERMSIG(end.wait_status) : 0; }

bool left_saved(const RankEnd& end) {
  const int code = exit_code_of(end);  // a rank that SIGINT killed has the same code as one that saved after Ctrl-C
  return signal_of(end) == 0 && (code == exit_code::preempted || code == exit_code::interrupted);
}

std::string cause_of(const RankEnd& end, const std::string& program) {
  if (end.start_error != 0)
    return format_text("cannot start {}: {}", program, why_not_started(end.start_error, program));
  if (end.left_early) return "left with exit code 0 before its work was done";
  if (ended_by_what_it_told(end)) return "an error that it recorded before tlaunch stopped it";
  if (end.out_of_memory) return "SIGKILL (out of memory: killed by the kernel)";
  if (by_our_signal(end) && WTERMSIG(end.wait_status) == SIGKILL) return "SIGKILL (by tlaunch)";
  return WIFSIGNALED(end.wait_status) ? signal_text(WTERMSIG(end.wait_status))
                                      : format_text("exit code {}", WEXITSTATUS(end.wait_status));
}

std::optional<std::size_t> first_failure(const std::vector<RankEnd>& ends) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (!failed(ends[i])) continue;
    const RankEnd& end = ends[i];
    const bool told_sooner = best && weight(end) == weight(ends[*best]) && end.reported && ends[*best].reported &&
                             *end.reported < *ends[*best].reported;
    if (!best || weight(end) < weight(ends[*best]) || told_sooner) best = i;
  }
  return best;
}

namespace {

// "rank 1 (on host node7) was killed by SIGKILL (out of memory?); exit code 137"
std::string failure_sentence(const GroupFailure& failure) {
  const std::string on = failure.host.empty() ? "" : format_text(" (on host {})", failure.host);
  if (!failure.rank) return failure.cause + on;
  const std::string rank = format_text("rank {}{}", *failure.rank, on);
  if (failure.signal != 0)
    return format_text("{} was killed by {}; exit code {}", rank, failure.cause, failure.exit_code);
  const bool is_code = failure.cause.starts_with("exit code");
  return format_text("{} failed{} {}", rank, is_code ? " with" : ":", failure.cause);
}

// Whether `line` is `part`, possibly after another word ("error: ..."), or its beginning if the line was cut.
bool repeats(const std::string& line, const std::string& part) {
  constexpr std::size_t enough = 40;  // bytes in which different messages differ
  const auto at = line.find(part.substr(0, enough));
  return !part.empty() && at != std::string::npos && part.starts_with(line.substr(at));
}

// Whether a rank printed nothing but its message.
bool only_repeats(const std::vector<std::string>& lines, const std::string& message) {
  return std::all_of(lines.begin(), lines.end(), [&](const std::string& line) {
    std::istringstream told(message);
    for (std::string part; std::getline(told, part);)
      if (repeats(line, part)) return true;
    return line.empty();
  });
}

}  // namespace

std::vector<std::string> failure_report(const GroupFailure& failure, bool with_output) {
  std::vector<std::string> report{"root cause: " + failure_sentence(failure)};
  if (!failure.message.empty()) report.push_back("it said: " + failure.message);
  if (!failure.victims.empty()) {
    const std::size_t shown = std::min(most_victims, failure.victims.size()), hidden = failure.victims.size() - shown;
    std::vector<std::string> named;
    for (std::size_t i = 0; i < shown; ++i)
      named.push_back(format_text("rank {} ({})", failure.victims[i].rank, failure.victims[i].cause));
    report.push_back(format_text("stopped because of it: {}{}", joined(named, ", "),
                                 hidden > 0 ? format_text(" and {} more", hidden) : ""));
  }
  if (!failure.log_path.empty()) report.push_back("its output: " + failure.log_path);
  if (!with_output || only_repeats(failure.last_lines, failure.message)) return report;
  report.push_back("its last lines:");
  for (const std::string& line : failure.last_lines) report.push_back("  | " + line);
  return report;
}

Json to_json(const GroupFailure& failure) {
  Json victims = Json::array();
  for (const Victim& victim : failure.victims) victims.push_back({{"rank", victim.rank}, {"cause", victim.cause}});
  Json json = {{"rank", failure.rank ? Json(*failure.rank) : Json()},
               {"host", failure.host},
               {"cause", failure.cause},
               {"signal", failure.signal},
               {"message", failure.summary_message},
               {"victims", victims}};
  if (!failure.log_path.empty()) json["log"] = failure.log_path;
  return json;
}

}  // namespace tlaunch
