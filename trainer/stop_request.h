// The wish that this process stop, sent as a signal, and how the ranks agree on the step after which they do.
#pragma once

#include <cstdint>
#include <optional>

#include "trainer/process_group.h"

namespace tlaunch {

// A signal that asks for it has come: SIGTERM, SIGUSR1 or SIGINT. Any thread.
void note_stop_signal(int signal);

// The first one that came; 0: none. Any thread.
int stop_signal();

// All ranks are told to stop, but not at the same moment, and none may leave a collective to the others. A rank that
// was told says so in the store; when all have, rank 0 names a step two ahead of its own, after which all of them stop:
// with an exchange of gradients in each step, none can be further ahead than one. Costs nothing as long as no signal
// has come.
class StopAgreement {
 public:
  explicit StopAgreement(const Group& group) : group_(group) {}
  // After each optimizer step. True, in all ranks after the same one: it was the last.
  bool after_step();

 private:
  bool all_said() const;

  const Group& group_;
  std::int64_t steps_ = 0;  // of this process; a run that is rolled back counts some of its own twice
  bool said_ = false;
  std::optional<std::int64_t> last_step_;
};

}  // namespace tlaunch
