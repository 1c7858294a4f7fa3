// Tells the launcher where this rank is (worker/run_phase.h) at an interval, as a `heartbeat` event. From a thread of
// its own, which touches nothing but the event pipe: it beats on while the training thread is stuck, and stops with the
// process.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "contract/event_writer.h"

namespace tlaunch {

class Heartbeat {
 public:
  // `interval_s` 0: none. The first one is told when this returns. The thread takes no signals. Where the system has no
  // thread left there is no other heartbeat.
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

// What the launcher asks for (contract/worker_env.h: TLAUNCH_HEARTBEAT_S); 0 where it does not. Throws UsageError.
double heartbeat_interval_s(const std::string& text);

}  // namespace tlaunch
