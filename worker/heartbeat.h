// Reports to the launcher where this rank is (worker/run_phase.h) at an interval, as a `heartbeat` event. A separate
// thread does so and touches nothing but the event pipe: heartbeats continue while the training thread is stuck, and
// stop with the process.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "contract/event_writer.h"

namespace tlaunch {

class Heartbeat {
 public:
  // `interval_s` 0: no heartbeats. The first one is written before the constructor returns; if the system cannot start
  // a thread, it stays the only one. The thread takes no signals.
  Heartbeat(const EventWriter& events, double interval_s);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  void tell() const;
  void beat();

  EventWriter events_;
  double interval_s_;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ends_ = false;
  std::thread thread_;
};

// The interval that the launcher asks for (contract/worker_env.h: TLAUNCH_HEARTBEAT_S); 0 for "". Throws UsageError.
double heartbeat_interval_s(const std::string& text);

}  // namespace tlaunch
