#include "trainer/ranks/agreed_memory.h"

#include <algorithm>

#include "base/text.h"
#include "trainer/device/device.h"
#include "trainer/device/host_memory.h"
#include "trainer/memory/out_of_memory.h"

namespace tlaunch {
namespace {

void free_caches(const torch::Device& device) {
  empty_cache(device);
  trim_heap();
}

}  // namespace

std::optional<MemoryShortage> try_with_agreement(const Ranks& ranks, RunPhase phase,
                                                 const std::function<void()>& attempt) {
  bool ran_out = false;
  try {
    attempt();
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    ran_out = true;
  }
  // Not in the handler: the exception may hold memory that is to be freed.
  if (ran_out) free_caches(ranks.device());
  auto short_ranks = torch::zeros({ranks.size()}, torch::kLong);
  if (ran_out) short_ranks[ranks.rank()] = 1;
  ranks.sum(short_ranks);
  for (int rank = 0; rank < ranks.size(); ++rank) {
    if (short_ranks[rank].item<std::int64_t>() == 0) continue;
    if (!ran_out) free_caches(ranks.device());  // ranks that share a machine share its memory
    return MemoryShortage{rank, phase};
  }
  return std::nullopt;
}

HalvingBatch::HalvingBatch(RunPhase phase, Told told, OomInjection* injection)
    : phase_(phase), told_(std::move(told)), injection_(injection) {}

void HalvingBatch::run(const Ranks& ranks, std::int64_t largest, const std::function<void(std::int64_t)>& attempt) {
  while (true) {
    const auto batch = std::max<std::int64_t>(1, largest >> halvings_);
    const auto shortage = try_with_agreement(ranks, phase_, [&] {
      if (injection_) injection_->at(phase_);
      attempt(batch);
    });
    if (!shortage) return;
    if (batch == 1)
      throw OutOfMemory(format_text(
          "rank {} ran out of memory ({}) with a batch of 1; use a smaller model, fewer ranks on this machine or more "
          "memory",
          shortage->rank, to_string(phase_)));
    ++halvings_;
    if (told_) told_(*shortage, std::max<std::int64_t>(1, largest >> halvings_));
  }
}

}  // namespace tlaunch
