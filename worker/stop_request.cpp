#include "worker/stop_request.h"

#include <atomic>
#include <utility>

namespace tlaunch {
namespace {

constexpr const char* said_prefix = "tlaunch/stop/";
constexpr const char* step_key = "tlaunch/stop/step";

std::atomic<int> first_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

}  // namespace

void note_stop_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
}

int stop_signal() { return first_signal; }

StopAgreement::StopAgreement(int rank, int world_size, RankNotes notes, std::function<void()> wait_for_device)
    : rank_(rank), world_size_(world_size), notes_(std::move(notes)), wait_for_device_(std::move(wait_for_device)) {}

bool StopAgreement::after_step(int signal) {
  ++steps_;
  if (signal == 0) return false;
  if (world_size_ == 1) return true;
  wait_for_device_();
  if (!said_) {
    notes_.leave(said_prefix + std::to_string(rank_), "asked");
    said_ = true;
  }
  if (!last_step_ && rank_ == 0 && all_said()) {
    last_step_ = steps_ + 2;
    notes_.leave(step_key, std::to_string(*last_step_));
  } else if (!last_step_ && rank_ != 0) {
    if (const auto text = notes_.look(step_key)) last_step_ = std::stoll(*text);
  }
  return last_step_ && steps_ >= *last_step_;
}

bool StopAgreement::all_said() const {
  for (int rank = 0; rank < world_size_; ++rank)
    if (!notes_.look(said_prefix + std::to_string(rank))) return false;
  return true;
}

}  // namespace tlaunch
