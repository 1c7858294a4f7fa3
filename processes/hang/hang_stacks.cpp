#include "processes/hang/hang_stacks.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/path_lookup.h"
#include "base/text.h"
#include "processes/guard/capture.h"
#include "processes/guard/process_tree.h"
#include "processes/hang/process_look.h"

namespace tlaunch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto all_time = std::chrono::seconds(20);
constexpr auto own_stack_time = std::chrono::milliseconds(500);

// The lines of its files in /proc that say how a process waits.
std::string kernel_view(const ProcessLook& look) {
  std::istringstream status(look.status);
  std::string text;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("State:") || line.starts_with("Threads:") || line.starts_with("VmRSS:")) text += line + "\n";
  return text + "wait channel: " + look.wait_channel + "\n";
}

std::string gdb_view(const std::string& gdb, pid_t pid, bool symbols, double limit_s) {
  const Captured seen = run_captured({gdb, "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex",
                                      std::string("set auto-solib-add ") + (symbols ? "on" : "off"), "-p",
                                      std::to_string(pid), "-ex", "thread apply all bt 30"},
                                     limit_s);
  return std::string("\ngdb, all threads") + (symbols ? ":\n" : ", without symbols of libraries:\n") + seen.out +
         (seen.timed_out        ? "gdb was ended: no time left\n"
          : seen.exit_code != 0 ? seen.err
                                : "");
}

void append(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::app) << text; }

}  // namespace

std::string stack_path(const std::string& log_folder, int rank) {
  return log_folder + "/stacks_" + std::to_string(rank) + ".txt";
}

void save_stacks(const std::map<int, pid_t>& ranks, const std::vector<int>& first, const std::string& folder,
                 WriteOwn own) {
  if (folder.empty()) return;
  const auto end = Clock::now() + all_time;
  std::vector<int> order = first;
  for (const auto& [rank, pid] : ranks)
    if (std::find(first.begin(), first.end(), rank) == first.end()) order.push_back(rank);
  bool asked = false;
  for (const int rank : order) {
    const pid_t pid = ranks.at(rank);
    const ProcessLook look = look_at(pid);
    append(stack_path(folder, rank), format_text("rank {}, process {}\n{}", rank, pid, kernel_view(look)));
    // Our workers block the signal, and a thread of theirs waits for it. Elsewhere its default action would end the
    // process.
    if (own == WriteOwn::no || state_of(pid) == 'T' || !blocks(look, SIGUSR2)) continue;
    ::kill(pid, SIGUSR2);
    asked = true;
  }
  if (asked) std::this_thread::sleep_for(own_stack_time);
  const std::string gdb = find_in_path("gdb");
  if (gdb.empty()) {
    for (const int rank : order)
      append(stack_path(folder, rank), "\ngdb not found in PATH: the stacks of the other threads are missing\n");
    return;
  }
  // Reading LibTorch's symbols takes gdb seconds. So it first runs without them for all ranks, half a second each.
  for (const bool symbols : {false, true})
    for (const int rank : symbols ? first : order) {
      const double left_s = std::chrono::duration<double>(end - Clock::now()).count();
      append(stack_path(folder, rank),
             left_s > 0 ? gdb_view(gdb, ranks.at(rank), symbols, left_s) : "\nno time left for gdb\n");
    }
}

}  // namespace tlaunch
