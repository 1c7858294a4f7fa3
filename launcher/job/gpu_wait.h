// --wait-gpu, for cards that several people use: waits with the start until every GPU of the ranks has the wanted
// memory free. Nothing is reserved: another waiting program may start at the same moment. Bytes. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hardware/profile.h"
#include "launcher/narration/progress.h"
#include "processes/group/time_limit.h"

namespace tlaunch {

// The cards of `ranks` processes, one per process in CUDA's order; all cards if there are fewer. Pure.
std::vector<GpuInfo> cards_of_ranks(const std::vector<GpuInfo>& visible, std::int64_t ranks);

// Throws UsageError if waiting cannot help: there is no card, a card has less memory in all, or the driver does not
// report the memory of a card. Pure.
void check_gpu_wait(const std::vector<GpuInfo>& cards, std::uint64_t wanted_bytes);

// One line with the cards that have less than `wanted_bytes` free, how much each has free, and which processes hold it;
// "" if every card has enough. Pure.
std::string gpu_shortage(const std::vector<GpuInfo>& cards, std::uint64_t wanted_bytes);

struct GpuWait {
  bool waited = false;  // then what was known about the cards is out of date
  int signal = 0;       // the signal that ended the wait; 0: the memory is free, or the time limit was reached
  bool out_of_time = false;
};

// The cards as the driver reports them now, for `visible` below.
std::vector<GpuInfo> gpus_now();

// `cards`: as last seen, the first ones of `visible()`. Looks again every few seconds. Reports each look on a terminal,
// otherwise once per minute. Throws UsageError like check_gpu_wait().
GpuWait wait_for_gpus(std::vector<GpuInfo> cards, std::uint64_t wanted_bytes,
                      const std::function<std::vector<GpuInfo>()>& visible, Progress& progress,
                      const TimeLimit& limit = {});

}  // namespace tlaunch
