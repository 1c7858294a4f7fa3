#include "trainer/stop_request.h"

#include <atomic>
#include <string>

#include "trainer/device.h"

namespace tlaunch {
namespace {

constexpr const char* said_prefix = "tlaunch/stop/";
constexpr const char* step_key = "tlaunch/stop/step";

std::atomic<int> first_signal{0};

}  // namespace

void note_stop_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
}

int stop_signal() { return first_signal; }

bool StopAgreement::after_step() {
  ++steps_;
  if (stop_signal() == 0) return false;
  if (group_.size() == 1) return true;
  synchronize(group_.device());  // the host must not run ahead of the other ranks
  if (!said_) {
    group_.tell(said_prefix + std::to_string(group_.rank()), "asked");
    said_ = true;
  }
  if (!last_step_ && group_.rank() == 0 && all_said()) {
    last_step_ = steps_ + 2;
    group_.tell(step_key, std::to_string(*last_step_));
  } else if (!last_step_ && group_.rank() != 0) {
    if (const auto text = group_.told(step_key)) last_step_ = std::stoll(*text);
  }
  return last_step_ && steps_ >= *last_step_;
}

bool StopAgreement::all_said() const {
  for (int rank = 0; rank < group_.size(); ++rank)
    if (!group_.told(said_prefix + std::to_string(rank))) return false;
  return true;
}

}  // namespace tlaunch
