#include "processes/hang/activity.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <sstream>

#include "base/text.h"
#include "hardware/file_reader.h"

namespace tlaunch {
namespace {

constexpr double busy_share = 0.5;  // of a core: a process that uses more computes

struct Stat {
  char state = 'X';
  double cpu_s = 0;  // of all its threads
};

Stat stat_in(const std::string& text) {
  // "pid (name) state parent ... utime stime ...": the name may hold blanks and brackets.
  constexpr std::size_t state = 0, user_ticks = 11, system_ticks = 12;
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return {};
  const auto words = split_words(text.substr(after_name + 1));
  if (words.size() <= system_ticks) return {};
  const auto ticks = std::stoull(words[user_ticks]) + std::stoull(words[system_ticks]);
  return {words[state][0], static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK))};
}

std::optional<std::string> field(const std::string& status, const std::string& name) {
  for (const std::string& line : split_lines(status))
    if (line.starts_with(name + ":")) return line.substr(name.size() + 1);
  return std::nullopt;
}

bool has_signal(const ProcessLook& look, const std::string& set, int signal) {
  const auto signals = field(look.status, set);
  return signals && (std::stoull(*signals, nullptr, 16) >> (signal - 1) & 1) != 0;
}

struct Call {
  std::string name;
  bool for_a_time = false;  // waits for a time or a signal, not for another process
};

// A system call that waits. `files_argument`: which of its arguments is the number of files that it waits for; 0: it
// has no such argument.
struct Waiting {
  long number;
  const char* name;
  std::size_t files_argument = 0;
};

// clang-format off
constexpr Waiting waiting_calls[] = {
    {SYS_nanosleep, "nanosleep"}, {SYS_clock_nanosleep, "clock_nanosleep"},
    {SYS_rt_sigsuspend, "sigsuspend"}, {SYS_rt_sigtimedwait, "sigtimedwait"},
    {SYS_futex, "futex"}, {SYS_pselect6, "select", 1}, {SYS_ppoll, "poll", 2}, {SYS_epoll_pwait, "epoll_wait"},
    {SYS_read, "read"}, {SYS_readv, "read"}, {SYS_recvfrom, "recv"}, {SYS_recvmsg, "recv"}, {SYS_write, "write"},
    {SYS_writev, "write"}, {SYS_sendto, "send"}, {SYS_sendmsg, "send"}, {SYS_accept, "accept"},
    {SYS_accept4, "accept"}, {SYS_connect, "connect"}, {SYS_wait4, "wait"}, {SYS_waitid, "wait"}, {SYS_flock, "flock"},
    {SYS_fcntl, "fcntl"}, {SYS_fsync, "fsync"}, {SYS_ioctl, "ioctl"}, {SYS_msgrcv, "msgrcv"}, {SYS_semop, "semop"},
    {SYS_semtimedop, "semop"},
#ifdef SYS_poll  // newer architectures have only the calls above
    {SYS_poll, "poll", 2}, {SYS_select, "select", 1}, {SYS_epoll_wait, "epoll_wait"}, {SYS_pause, "pause"},
#endif
};
// clang-format on

bool one_of(const std::string& text, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

// "230 0x0 0x0 0x7ffc...", or "running", or "-1 ..." outside of any call.
std::optional<Call> call_in(const std::string& syscall) {
  const auto words = split_words(syscall);
  if (words.empty() || words[0].find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const long number = std::stol(words[0]);
  for (const Waiting& each : waiting_calls) {
    if (each.number != number) continue;
    const std::size_t files = each.files_argument;
    const bool no_files = files > 0 && words.size() > files && words[files] == "0x0";
    return Call{each.name,
                no_files || one_of(each.name, {"nanosleep", "clock_nanosleep", "sigsuspend", "sigtimedwait", "pause"})};
  }
  return Call{"system call " + words[0]};
}

// If the call cannot be read, the kernel function in which the process waits often can.
std::optional<Call> call_at(std::string wait_channel) {
  wait_channel.erase(std::min(wait_channel.find('\n'), wait_channel.size()));
  if (wait_channel.empty() || wait_channel == "0") return std::nullopt;
  return Call{wait_channel, wait_channel.find("nanosleep") != std::string::npos};
}

std::optional<Call> call_of(const ProcessLook& look) {
  auto call = call_in(look.syscall);
  return call ? call : call_at(look.wait_channel);
}

bool has_woken(const ProcessLook& before, const ProcessLook& after) {
  const char* switches = "voluntary_ctxt_switches";
  return field(before.status, switches) != field(after.status, switches);
}

std::string in_brackets(const std::string& text) { return text.empty() ? "" : " (" + text + ")"; }

}  // namespace

Activity activity_between(const ProcessLook& before, const ProcessLook& after, double seconds) {
  const Stat first = stat_in(before.stat), last = stat_in(after.stat);
  if (last.state == 'X' || last.state == 'Z') return {Activity::ended, "has ended"};
  if (last.state == 'T') return {Activity::stopped, "is stopped by a signal (state T)"};
  const double share = seconds > 0 ? (last.cpu_s - first.cpu_s) / seconds : 0;
  if (share >= busy_share || (first.state == 'R' && last.state == 'R')) {
    const std::string how_much = format_text(" ({} % of a core)", std::llround(100 * share));
    if (after.uses_gpu) return {Activity::waits, "computes, or waits for its GPU" + how_much};
    return {Activity::computes, "computes" + how_much};
  }
  const ProcessLook& at_rest = last.state == 'R' ? before : after;
  const auto call = call_of(at_rest);
  const std::string name = in_brackets(call ? call->name : "");
  if (last.state == 'D') return {Activity::device, "waits for a disk or a device, state D" + name};
  if (!call || !call->for_a_time) return {Activity::waits, "waits" + name};
  if (has_woken(before, after)) return {Activity::waits, format_text("waits ({} again and again)", call->name)};
  return {Activity::sleeps, "sleeps" + name};
}

bool handles(const ProcessLook& look, int signal) { return has_signal(look, "SigCgt", signal); }

bool blocks(const ProcessLook& look, int signal) { return has_signal(look, "SigBlk", signal); }

std::vector<int> likely_causes(const std::map<int, Activity>& ranks) {
  const auto some_but_not_all = [&](const auto& stands_out) {
    std::vector<int> found;
    for (const auto& [rank, activity] : ranks)
      if (stands_out(activity.kind)) found.push_back(rank);
    return found.size() < ranks.size() ? found : std::vector<int>();
  };
  const auto stopped = some_but_not_all([](Activity::Kind kind) { return kind == Activity::stopped; });
  return stopped.empty() ? some_but_not_all([](Activity::Kind kind) { return kind != Activity::waits; }) : stopped;
}

}  // namespace tlaunch
