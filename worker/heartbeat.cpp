#include "worker/heartbeat.h"

#include <signal.h>

#include <charconv>
#include <chrono>
#include <system_error>

#include "base/error.h"
#include "base/text.h"
#include "contract/worker_env.h"
#include "worker/run_phase.h"

namespace tlaunch {

Heartbeat::Heartbeat(const EventWriter& events, double interval_s) : events_(events), interval_s_(interval_s) {
  if (interval_s_ <= 0 || !events_.connected()) return;
  tell();
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited: signals are for the training thread
  try {
    thread_ = std::thread([this] { beat(); });
  } catch (const std::system_error&) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Heartbeat::~Heartbeat() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  ending_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Heartbeat::tell() const {
  const WorkPlace place = work_place();
  HeartbeatEvent beat;
  beat.step = place.step;
  beat.phase = to_string(place.phase);
  beat.waits = place.waits;
  beat.passed = place.passed;
  events_.write(beat);
}

void Heartbeat::beat() {
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, std::chrono::duration<double>(interval_s_), [this] { return ends_; })) tell();
}

double heartbeat_interval_s(const std::string& text) {
  double value = 0;
  if (text.empty()) return value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value > 0 && value <= 1e6))
    throw UsageError(format_text("environment: {}={} is not a number of seconds above 0 and up to 1000000",
                                 env::heartbeat_s, quoted(text)));
  return value;
}

}  // namespace tlaunch
