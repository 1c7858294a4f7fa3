// What one thread waits for: descriptors and times, each with a handler. The design of sd-event, on poll(2). A turn is
// wait(), which returns when something has come, and dispatch(), which handles everything that has come.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace tlaunch {

class PollSet {
 public:
  using Clock = std::chrono::steady_clock;
  using Handler = std::function<void()>;

  // A time at which a handler is called, once. Lives as long as its PollSet.
  class Timer {
   public:
    explicit Timer(Handler handler) : handler_(std::move(handler)) {}
    void set(std::optional<Clock::time_point> due) { due_ = due; }
    void set_in(Clock::duration wait) { due_ = Clock::now() + wait; }
    void clear() { due_.reset(); }
    std::optional<Clock::time_point> due() const { return due_; }

   private:
    friend class PollSet;
    Handler handler_;
    std::optional<Clock::time_point> due_;
  };

  PollSet() = default;
  PollSet(const PollSet&) = delete;
  PollSet& operator=(const PollSet&) = delete;

  // `fd` is called before each wait; -1: not this time. `events`: POLLIN, POLLOUT; errors and ends count too.
  void add(std::function<int()> fd, short events, Handler handler);
  Timer& add_timer(Handler handler);  // not set yet

  // Waits until a descriptor is ready or a timer is due; a signal, or a minute, ends the wait sooner.
  void wait();
  // Calls the handlers of the descriptors that wait() found ready, then those of due timers; both in the order in which
  // they were added. Handlers may set timers.
  void dispatch();

  // For time that does not count: delays every timer that is set by `away`.
  void postpone(Clock::duration away);

  // The timeout for poll(2) at `now`; -1: none.
  int timeout_ms(Clock::time_point now) const;

 private:
  struct Source {
    std::function<int()> fd;
    short events;
    Handler handler;
  };

  std::vector<Source> sources_;
  std::vector<pollfd> polled_;  // by source
  std::deque<Timer> timers_;    // a deque, so that references stay valid
};

}  // namespace tlaunch
