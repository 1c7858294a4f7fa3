#include "processes/group/trace.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "processes/group/trace_file.h"
#include "processes/output/clean_text.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

constexpr std::uint64_t limit_bytes = 16u << 20;
constexpr std::size_t most_text_bytes = 1000;  // so that a line fits into a pipe's PIPE_BUF

std::string utc_text(double unix_s) {
  const auto ms = std::llround(unix_s * 1e3);
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[64] = "";
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return format_text("{}.{:03}Z", text, ms % 1000);
}

TraceFile* file_of_this_process() {
  static std::optional<TraceFile> file = []() -> std::optional<TraceFile> {
    const char* where = std::getenv("TLAUNCH_LOG");
    if (where == nullptr || *where == '\0') return std::nullopt;
    return TraceFile(where, limit_bytes, [](const std::string& problem) {
      say(format_text("tlaunch: warning: TLAUNCH_LOG: {}; continuing without a trace", problem));
    });
  }();
  return file ? &*file : nullptr;
}

}  // namespace

void trace(std::string_view what, const std::string& text, TracedProcess of) {
  if (TraceFile* file = file_of_this_process())
    file->append(trace_line(unix_time_s(), monotonic_s(), ::getpid(), what, text, of));
}

void trace_arrival(const SignalTakeover::Arrival& arrival) {
  const std::string from = arrival.from_terminal ? " from the terminal"
                           : arrival.sender > 0  ? format_text(" from process {}", arrival.sender)
                                                 : "";
  trace("received", signal_name(arrival.signal) + from);
}

std::string trace_line(double unix_s, double monotonic_s, pid_t writer, std::string_view what, const std::string& text,
                       TracedProcess of) {
  std::string line = format_text("{} {:.3f} {} {}", utc_text(unix_s), monotonic_s, writer, what);
  if (of.rank >= 0) line += format_text(" rank={}", of.rank);
  if (of.pid > 0) line += format_text(" pid={}", of.pid);
  if (!text.empty()) line += " " + clean_text(std::string_view(text).substr(0, most_text_bytes));
  return line + "\n";
}

std::string signal_name(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  return abbreviation ? format_text("SIG{}", abbreviation) : format_text("signal {}", signal);
}

std::string wait_status_text(int wait_status) {
  if (WIFSIGNALED(wait_status)) return signal_name(WTERMSIG(wait_status));
  return format_text("exit code {}", WEXITSTATUS(wait_status));
}

}  // namespace tlaunch
