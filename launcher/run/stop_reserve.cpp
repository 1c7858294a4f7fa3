#include "launcher/run/stop_reserve.h"

#include <algorithm>

namespace tlaunch {
namespace {

constexpr double steps_to_agree = 4;           // the ranks stop together, two or three steps after the signal
constexpr double save_factor = 2;              // a disk may be slower at times
constexpr double slow_disk_bytes_per_s = 2e8;  // assumed before the first save
constexpr double leaving_s = 0.5;              // for processes that release LibTorch and their cards

}  // namespace

void StopReserve::on_event(const StampedEvent& event) {
  if (const auto* start = std::get_if<StartEvent>(&event.event)) {
    started_ = true;
    effective_batch_ = static_cast<double>(start->effective_batch_size);
    if (!saved_) save_s_ = static_cast<double>(start->checkpoint_bytes) / slow_disk_bytes_per_s;
  } else if (const auto* step = std::get_if<StepEvent>(&event.event)) {
    const double rate = step->samples_per_s.value_or(0);
    if (rate > 0) step_s_ = effective_batch_ / rate;
  } else if (const auto* saved = std::get_if<CheckpointEvent>(&event.event)) {
    save_s_ = saved_ ? std::max(save_s_, saved->seconds) : saved->seconds;
    saved_ = true;
  }
}

double StopReserve::seconds() const {
  if (!started_) return 0;
  return std::min(grace_s_, steps_to_agree * step_s_ + save_factor * save_s_ + leaving_s);
}

}  // namespace tlaunch
