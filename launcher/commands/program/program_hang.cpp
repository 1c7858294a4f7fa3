#include "launcher/commands/program/program_hang.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/path_lookup.h"
#include "base/text.h"
#include "config/config_value.h"
#include "launcher/job/worker_group.h"
#include "processes/guard/capture.h"
#include "processes/guard/process_tree.h"
#include "processes/hang/hang_stacks.h"
#include "processes/hang/hang_verdict.h"
#include "processes/hang/process_look.h"
#include "processes/hang/python_stack.h"
#include "processes/hang/silence_watch.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

constexpr double all_py_spy_s = 10;
constexpr double last_words_s = 2;  // a handler of SIGABRT writes at once, but on a busy machine it runs later
constexpr std::size_t most_words_bytes = 1u << 20;
constexpr std::size_t most_lines = 16;

void report_line(const std::string& text) { say("tlaunch: " + text); }

// The facts about the ranks of a group that hangs.
struct Scene {
  std::map<int, pid_t> processes;
  std::map<int, Activity> activities;
  std::vector<int> likely;
  std::map<int, std::string> stacks;  // by py-spy, or the output of the ranks in `asked`
  std::set<int> asked;
};

std::map<int, std::string> stacks_by_py_spy(const std::map<int, pid_t>& processes) {
  std::map<int, std::string> stacks;
  const std::string py_spy = find_in_path("py-spy");
  if (py_spy.empty()) return stacks;
  const double end_s = monotonic_s() + all_py_spy_s;
  bool reported = false;
  for (const auto& [rank, pid] : processes) {
    const double left_s = end_s - monotonic_s();
    if (left_s <= 0 || !is_python(pid)) continue;
    Captured seen = run_captured({py_spy, "dump", "--full-filenames", "--pid", std::to_string(pid)}, left_s);
    if (seen.exit_code == 0 && !seen.timed_out) {
      stacks[rank] = std::move(seen.out);
    } else if (!std::exchange(reported, true)) {
      const std::string why = seen.timed_out ? "no answer in time" : seen.err.substr(0, seen.err.find('\n'));
      report_line(format_text("  {} cannot look at rank {}: {}", py_spy, rank, why));
    }
  }
  return stacks;
}

Scene scene_of(const std::map<int, pid_t>& ranks) {
  Scene scene;
  for (const auto& [rank, pid] : ranks) scene.processes[rank] = working_process(pid);
  scene.activities = activities_of(scene.processes);
  scene.likely = likely_causes(scene.activities);
  scene.stacks = stacks_by_py_spy(scene.processes);
  return scene;
}

std::optional<int> rank_to_blame(const Scene& scene) {
  if (scene.processes.size() == 1) return scene.processes.begin()->first;
  return scene.likely.size() == 1 ? std::optional(scene.likely.front()) : std::nullopt;
}

std::string why(const Scene& scene) {
  if (const auto rank = rank_to_blame(scene)) {
    if (scene.processes.size() == 1) return "";
    return format_text("; likely because of {}, which {}, unlike the others", ranks_text({*rank}),
                       scene.activities.at(*rank).text);
  }
  if (scene.likely.empty()) return "; no single rank stands out";
  return format_text("; likely because of {}, which do not wait as the others do", ranks_text(scene.likely));
}

// The ranks whose stacks are not known and that have a handler of SIGABRT.
std::set<int> ranks_to_ask(const Scene& scene) {
  std::set<int> found;
  for (const auto& [rank, pid] : scene.processes)
    if (!scene.stacks.contains(rank) && handles(look_at(pid), SIGABRT)) found.insert(rank);
  return found;
}

// faulthandler writes the stacks of all threads, then the process ends. There should be no core file: with a limit of 1
// the kernel neither writes one nor starts a program that would.
void ask_for_stacks(pid_t pid) {
  rlimit core{};
  if (::prlimit(pid, RLIMIT_CORE, nullptr, &core) == 0) {
    core.rlim_cur = std::min<rlim_t>(1, core.rlim_max);
    ::prlimit(pid, RLIMIT_CORE, &core, nullptr);
  }
  ::syscall(SYS_tgkill, pid, pid, SIGABRT);  // the main thread
  ::kill(pid, SIGCONT);                      // it may be stopped
}

void report(const Scene& scene, const std::string& folder) {
  std::vector<int> order = scene.likely;
  for (const auto& [rank, activity] : scene.activities)
    if (std::find(order.begin(), order.end(), rank) == order.end()) order.push_back(rank);
  for (std::size_t i = 0; i < std::min(most_lines, order.size()); ++i) {
    const auto stacks = scene.stacks.find(order[i]);
    const std::string place = stacks == scene.stacks.end() ? "" : python_place(stacks->second);
    report_line(format_text("  rank {} {}{}", order[i], scene.activities.at(order[i]).text,
                            place.empty() ? "" : ", in " + place));
  }
  if (order.size() > most_lines) report_line(format_text("  ... and {} more ranks", order.size() - most_lines));
  if (folder.empty()) return;
  for (const auto& [rank, stacks] : scene.stacks)
    std::ofstream(stack_path(folder, rank), std::ios::app)
        << (scene.asked.contains(rank) ? "\noutput of the rank after SIGABRT:\n" : "\npy-spy dump:\n") << stacks;
  report_line(format_text("  stacks of each rank: {}/stacks_RANK.txt", folder));
}

}  // namespace

GroupResult run_watched(const GroupSpec& spec, double timeout_s, const TimeLimit& limit) {
  SilenceWatch watch(timeout_s);
  std::optional<Scene> scene;
  GroupCallbacks callbacks;
  callbacks.on_output = [&] { watch.on_output(); };
  callbacks.on_tick = [] {};  // makes turn() return regularly
  callbacks.on_line = [&](int rank, const std::string& line) {
    if (!scene || !scene->asked.contains(rank)) return;
    std::string& words = scene->stacks[rank];
    if (words.size() < most_words_bytes) words += line + "\n";
  };
  const std::string& log = spec.workers.front().log_path;
  const std::string folder = log.empty() ? "" : std::filesystem::path(log).parent_path().string();
  RunningGroup group(spec, callbacks);
  while (group.turn()) {
    if (limit.over()) group.stop_in_time(limit.told());
    const auto ranks = group.at_work();
    const auto reason = watch.tick(monotonic_s() - group.paused_s(), states_of(ranks));
    if (!reason) continue;
    const std::string what = format_text("{} (--hang-timeout {})", *reason, to_text(timeout_s));
    group.say(format_text("the group hangs: {}; looking at what each rank does", what));
    Scene found = scene_of(ranks);
    save_stacks(found.processes, found.likely, folder, WriteOwn::no);
    found.asked = ranks_to_ask(found);
    group.end_hung(rank_to_blame(found), format_text("hang: {}{}", what, why(found)),
                   found.asked.empty() ? 0 : last_words_s);
    for (const int rank : found.asked) ask_for_stacks(found.processes.at(rank));
    scene = std::move(found);
  }
  GroupResult result = group.finish();
  if (scene) report(*scene, folder);
  return result;
}

}  // namespace tlaunch
