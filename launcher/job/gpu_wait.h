// --wait-gpu: a start that waits until every GPU its ranks would use has so much memory free, for cards that people
// share. Nothing is reserved: who else waits may start at the same moment. Bytes. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hardware/profile.h"
#include "launcher/narration/progress.h"
#include "processes/group/time_limit.h"

namespace tlaunch {

// The cards that `ranks` processes use, one each in CUDA's order; all where there are fewer. Pure.
std::vector<GpuInfo> cards_of_ranks(const std::vector<GpuInfo>& visible, std::int64_t ranks);

// Refuses what no waiting brings: no card, one that has less in all, one that does not tell. Throws UsageError. Pure.
void check_gpu_wait(const std::vector<GpuInfo>& cards, std::uint64_t wanted_bytes);

// Which of the cards have less free than `wanted_bytes`, how much, and who holds them, in one line; "": none. Pure.
std::string gpu_shortage(const std::vector<GpuInfo>& cards, std::uint64_t wanted_bytes);

struct GpuWait {
  bool waited = false;  // what was known of the cards before is old
  int signal = 0;       // that ended it; 0: there is room, or no time any more
  bool out_of_time = false;
};

// The cards as the driver shows them now, for `visible` below.
std::vector<GpuInfo> gpus_now();

// `cards`: as they were seen last, among `visible()` the first ones. Looks again every few seconds, and tells: on a
// terminal with each look, elsewhere once a minute. Throws UsageError as check_gpu_wait().
GpuWait wait_for_gpus(std::vector<GpuInfo> cards, std::uint64_t wanted_bytes,
                      const std::function<std::vector<GpuInfo>()>& visible, Progress& progress,
                      const TimeLimit& limit = {});

}  // namespace tlaunch
