// The time before launch.max_time at which a run must be stopped, so that it has saved by then. Pure: fed with events.
#pragma once

#include "contract/event_codec.h"

namespace tlaunch {

class StopReserve {
 public:
  // `grace_s`: the upper limit, because a rank that has not saved within the grace time is killed.
  explicit StopReserve(double grace_s) : grace_s_(grace_s) {}
  void on_event(const StampedEvent& event);
  // 0 before the start event: there is nothing to save.
  double seconds() const;

 private:
  double grace_s_;
  double effective_batch_ = 0, step_s_ = 0;
  double save_s_ = 0;  // the longest save so far; before the first save, estimated from its size
  bool started_ = false, saved_ = false;
};

}  // namespace tlaunch
