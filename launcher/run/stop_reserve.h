// How long before launch.max_time a run must be told to stop so that it has saved by then. Pure: fed with events.
#pragma once

#include "contract/event_codec.h"

namespace tlaunch {

class StopReserve {
 public:
  // `grace_s`: what has not saved by then is killed, so nothing more is needed.
  explicit StopReserve(double grace_s) : grace_s_(grace_s) {}
  void on_event(const StampedEvent& event);
  // Before the first step 0: there is nothing to save.
  double seconds() const;

 private:
  double grace_s_;
  double effective_batch_ = 0, step_s_ = 0;
  double save_s_ = 0;  // the longest so far, or before the first one what its size says
  bool started_ = false, saved_ = false;
};

}  // namespace tlaunch
