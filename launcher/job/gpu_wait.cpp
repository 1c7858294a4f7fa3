#include "launcher/job/gpu_wait.h"

#include <algorithm>

#include "base/clock.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "hardware/gpu/gpu_probe.h"
#include "launcher/job/job.h"
#include "processes/group/restart_policy.h"

namespace tlaunch {
namespace {

constexpr double look_interval_s = 3;                      // starting NVML takes tens of milliseconds
constexpr double line_interval_s = 60;                     // if lines are not overwritten
constexpr std::size_t most_cards = 3, most_processes = 3;  // in one line

std::string card_text(const GpuInfo& gpu, std::size_t index) { return format_text("GPU {} ({})", index, gpu.name); }

std::string and_more(std::size_t all, std::size_t shown) {
  return all > shown ? format_text(" and {} more", all - shown) : "";
}

std::string holders(std::vector<GpuProcess> processes) {
  if (processes.empty()) return "the driver reports no process";
  std::stable_sort(processes.begin(), processes.end(),
                   [](const auto& a, const auto& b) { return a.used_bytes.value_or(0) > b.used_bytes.value_or(0); });
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(most_processes, processes.size()); ++i) {
    const GpuProcess& process = processes[i];
    shown.push_back(format_text("{} {}", process.name.empty() ? "process" : process.name, process.pid));
    if (process.used_bytes) shown.back() += format_text(" ({})", format_bytes(*process.used_bytes));
  }
  return format_text("held by {}{}", joined(shown, ", "), and_more(processes.size(), most_processes));
}

}  // namespace

std::vector<GpuInfo> cards_of_ranks(const std::vector<GpuInfo>& visible, std::int64_t ranks) {
  return {visible.begin(),
          visible.begin() + std::min(static_cast<std::ptrdiff_t>(visible.size()), static_cast<std::ptrdiff_t>(ranks))};
}

void check_gpu_wait(const std::vector<GpuInfo>& cards, std::uint64_t wanted_bytes) {
  const std::string asked = format_text("--wait-gpu ({}): ", format_bytes(wanted_bytes));
  if (cards.empty())
    throw UsageError(asked + "no GPU is visible (see `tlaunch probe`); leave the option out to run on the CPU");
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const std::uint64_t total = cards[i].memory_total_bytes;
    if (total == 0)
      throw UsageError(asked + format_text("the driver does not report the memory of {}; leave the option out",
                                           card_text(cards[i], i)));
    if (total < wanted_bytes)
      throw UsageError(asked +
                       format_text("{} has {} in all; ask for less, or choose other cards with CUDA_VISIBLE_DEVICES",
                                   card_text(cards[i], i), format_bytes(total)));
  }
}

std::string gpu_shortage(const std::vector<GpuInfo>& cards, std::uint64_t wanted_bytes) {
  std::vector<std::string> shown;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const GpuInfo& gpu = cards[i];
    if (gpu.memory_free_bytes >= wanted_bytes || ++taken > most_cards) continue;
    shown.push_back(format_text("{} has {} free of {}, {}", card_text(gpu, i), format_bytes(gpu.memory_free_bytes),
                                format_bytes(gpu.memory_total_bytes), holders(gpu.processes)));
  }
  return joined(shown, "; ") + and_more(taken, most_cards);
}

std::vector<GpuInfo> gpus_now() { return probe_visible_gpus(system_files(), environment_value).gpus; }

GpuWait wait_for_gpus(std::vector<GpuInfo> cards, std::uint64_t wanted_bytes,
                      const std::function<std::vector<GpuInfo>()>& visible, Progress& progress,
                      const TimeLimit& limit) {
  check_gpu_wait(cards, wanted_bytes);
  const std::size_t needed = cards.size();
  const double start_s = monotonic_s();
  double shown_s = start_s - line_interval_s;
  GpuWait wait;
  for (;;) {
    // A card may stop answering for a while, for example when its driver restarts or its container is paused.
    const std::string shortage = cards.size() < needed ? format_text("only {} of {} GPUs answer", cards.size(), needed)
                                                       : gpu_shortage(cards, wanted_bytes);
    if (shortage.empty()) break;
    const double now_s = monotonic_s();
    if (progress.terminal().is_terminal || now_s - shown_s >= line_interval_s) {
      progress.passing(format_text("waiting for {} of GPU memory: {}", format_bytes(wanted_bytes), shortage));
      shown_s = now_s;
    }
    wait.waited = true;
    wait.out_of_time = limit.over();
    if (wait.out_of_time)
      progress.line(format_text("{}: no longer waiting for GPU memory", limit.told()));
    else
      wait.signal = wait_unless_told(std::min(look_interval_s, limit.left_s()));
    if (wait.out_of_time || wait.signal != 0) return wait;
    cards = cards_of_ranks(visible(), static_cast<std::int64_t>(needed));
  }
  if (wait.waited) progress.line(format_text("GPU memory is free after {}", format_duration(monotonic_s() - start_s)));
  return wait;
}

}  // namespace tlaunch
