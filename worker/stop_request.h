// The wish that this process stop, sent as a signal, and how the ranks agree on the step after which they do.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tlaunch {

// A signal that asks for it has come: SIGTERM, SIGUSR1 or SIGINT. Any thread, and in a signal handler.
void note_stop_signal(int signal);

// The first one that came; 0: none. Any thread.
int stop_signal();

// Texts that one rank leaves for the others, in a store that all of them reach. Neither call waits for another rank.
struct RankNotes {
  std::function<void(const std::string& key, const std::string& text)> leave;
  std::function<std::optional<std::string>(const std::string& key)> look;
};

// All ranks are told to stop, but not at the same moment, and none may leave a collective to the others. A rank that
// was told says so in the store; when all have, rank 0 names a step two ahead of its own, after which all of them stop:
// with an exchange of gradients in each step, none can be further ahead than one. Costs nothing as long as no signal
// has come.
class StopAgreement {
 public:
  // `wait_for_device`: until all that the host has started is done, so that it does not run ahead of the other ranks.
  // A single rank asks for neither.
  StopAgreement(int rank, int world_size, RankNotes notes, std::function<void()> wait_for_device);
  // After each optimizer step; `signal`: the one that asked this rank to stop, 0 where none did. True, in all ranks
  // after the same step: it was the last.
  bool after_step(int signal = stop_signal());

 private:
  bool all_said() const;

  int rank_, world_size_;
  RankNotes notes_;
  std::function<void()> wait_for_device_;
  std::int64_t steps_ = 0;  // of this process; a run that is rolled back counts some of its own twice
  bool said_ = false;
  std::optional<std::int64_t> last_step_;
};

}  // namespace tlaunch
