#include "launcher/run/stop_reserve.h"

#include <algorithm>
#include <string>

#include "launcher/events/event_fields.h"

namespace tlaunch {
namespace {

constexpr double steps_to_agree = 4;           // the ranks leave together, two or three steps after they are told
constexpr double save_factor = 2;              // a disk is slower at times
constexpr double slow_disk_bytes_per_s = 2e8;  // before a save has shown more
constexpr double leaving_s = 0.5;              // of processes that let go of LibTorch and their cards

}  // namespace

void StopReserve::on_event(const Json& event) {
  const std::string name = event_text(event, "event");
  if (name == "start") {
    started_ = true;
    effective_batch_ = event_real(event, "effective_batch_size");
    if (!saved_) save_s_ = std::max(0.0, event_real(event, "checkpoint_bytes")) / slow_disk_bytes_per_s;
  } else if (name == "step") {
    const double rate = event_real(event, "samples_per_s");
    if (rate > 0) step_s_ = effective_batch_ / rate;
  } else if (name == "checkpoint") {
    const double seconds = event_real(event, "seconds");
    save_s_ = saved_ ? std::max(save_s_, seconds) : seconds;
    saved_ = true;
  }
}

double StopReserve::seconds() const {
  if (!started_) return 0;
  return std::min(grace_s_, steps_to_agree * step_s_ + save_factor * save_s_ + leaving_s);
}

}  // namespace tlaunch
