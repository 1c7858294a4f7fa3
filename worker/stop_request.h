// The request to stop this process, sent as a signal, and how the ranks agree on their last step.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tlaunch {

// Notes a signal that asks for a stop: SIGTERM, SIGUSR1 or SIGINT. Any thread, and in a signal handler.
void note_stop_signal(int signal);

// The first such signal; 0: none came yet. Any thread.
int stop_signal();

// Texts that one rank leaves for the others, in a store that all ranks reach. Neither call waits for another rank.
struct RankNotes {
  std::function<void(const std::string& key, const std::string& text)> leave;
  std::function<std::optional<std::string>(const std::string& key)> look;
};

// All ranks are asked to stop, but not at the same moment, and no rank may leave the others alone in a collective
// operation. A rank that was asked says so in the store. When all have, rank 0 names a step two ahead of its own, after
// which all ranks stop: with an exchange of gradients in each step, no rank is more than one step ahead. Costs nothing
// until a signal comes.
class StopAgreement {
 public:
  // `wait_for_device` returns when all work that the host has started is done, so that the host does not run ahead of
  // the other ranks. A single rank calls neither `notes` nor `wait_for_device`.
  StopAgreement(int rank, int world_size, RankNotes notes, std::function<void()> wait_for_device);
  // Call this after each optimizer step; `signal`: the one that asked this rank to stop, 0: none. Returns true if this
  // step was the last one, in all ranks after the same step.
  bool after_step(int signal = stop_signal());

 private:
  bool all_said() const;

  int rank_, world_size_;
  RankNotes notes_;
  std::function<void()> wait_for_device_;
  std::int64_t steps_ = 0;  // of this process; a rollback repeats steps of the run, which count again here
  bool said_ = false;
  std::optional<std::int64_t> last_step_;
};

}  // namespace tlaunch
