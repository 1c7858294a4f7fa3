// Work between two steps (evaluation, detection, the copies of a save) that survives a lack of memory on any rank: all
// ranks learn of it together and react alike. The cost is one sum over the hosts, of one number per rank.
#pragma once

#include <functional>
#include <optional>

#include "trainer/memory/oom_injection.h"
#include "trainer/ranks/ranks.h"
#include "worker/step_down.h"

namespace tlaunch {

// All ranks call it. Runs `attempt`, which must use no collectives, on this rank. Returns nothing if all ranks had
// enough memory. Otherwise all ranks empty their caches and return the lowest rank that had not enough. Other
// exceptions pass through.
std::optional<MemoryShortage> try_with_agreement(const Ranks& ranks, RunPhase phase,
                                                 const std::function<void()>& attempt);

// The batch of such work. All ranks halve it if one runs out of memory, and it stays halved for the next time.
class HalvingBatch {
 public:
  using Told = std::function<void(const MemoryShortage&, std::int64_t batch)>;  // `batch`: the size that is tried next

  // `injection` (may be null) and everything that `told` refers to must outlive this object.
  explicit HalvingBatch(RunPhase phase, Told told = {}, OomInjection* injection = nullptr);

  // Calls `attempt(batch)`, first with `largest` after the halvings so far. If memory runs out on any rank, all halve
  // the batch and start the attempt again. Throws OutOfMemory on all ranks if a batch of 1 does not fit either.
  void run(const Ranks& ranks, std::int64_t largest, const std::function<void(std::int64_t)>& attempt);

 private:
  RunPhase phase_;
  Told told_;
  OomInjection* injection_;
  int halvings_ = 0;
};

}  // namespace tlaunch
