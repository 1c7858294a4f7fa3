// Work between two steps (evaluation, detection, the copies of a save) that survives a lack of memory in any rank: all
// ranks learn of it together and do the same. What it costs: one sum over the hosts, of a number a rank.
#pragma once

#include <functional>
#include <optional>

#include "trainer/memory/oom_injection.h"
#include "trainer/ranks/ranks.h"
#include "worker/step_down.h"

namespace tlaunch {

// All ranks call it. Runs `attempt`, which uses no collectives, in this rank. Then either all had enough memory, or all
// are told of the lowest rank that had not, with caches emptied everywhere. Other exceptions leave.
std::optional<MemoryShortage> try_with_agreement(const Ranks& ranks, RunPhase phase,
                                                 const std::function<void()>& attempt);

// The batch of such work: halved in all ranks where one runs out of memory, and kept so for the next time.
class HalvingBatch {
 public:
  using Told = std::function<void(const MemoryShortage&, std::int64_t batch)>;  // `batch`: what is tried next

  // `injection` (may be null) and what `told` refers to live longer.
  explicit HalvingBatch(RunPhase phase, Told told = {}, OomInjection* injection = nullptr);

  // `attempt(batch)`, from `largest` less the halvings so far, from its start again until memory did in all ranks.
  // Throws OutOfMemory in all of them where a batch of 1 does not.
  void run(const Ranks& ranks, std::int64_t largest, const std::function<void(std::int64_t)>& attempt);

 private:
  RunPhase phase_;
  Told told_;
  OomInjection* injection_;
  int halvings_ = 0;
};

}  // namespace tlaunch
