#include "processes/group/poll_set.h"

#include <algorithm>
#include <utility>

namespace tlaunch {

void PollSet::add(std::function<int()> fd, short events, Handler handler) {
  sources_.push_back({std::move(fd), events, std::move(handler)});
}

PollSet::Timer& PollSet::add_timer(Handler handler) { return timers_.emplace_back(std::move(handler)); }

int PollSet::timeout_ms(Clock::time_point now) const {
  std::optional<Clock::time_point> first;
  for (const Timer& timer : timers_)
    if (timer.due_ && (!first || *timer.due_ < *first)) first = timer.due_;
  if (!first) return -1;
  const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(*first - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, 60'000));
}

void PollSet::wait() {
  polled_.clear();
  for (const Source& source : sources_) polled_.push_back({source.fd(), source.events, 0});
  ::poll(polled_.data(), polled_.size(), timeout_ms(Clock::now()));
}

void PollSet::dispatch() {
  for (std::size_t i = 0; i < polled_.size(); ++i)
    if (std::exchange(polled_[i].revents, 0) != 0) sources_[i].handler();
  const auto now = Clock::now();
  for (Timer& timer : timers_) {
    if (!timer.due_ || now < *timer.due_) continue;
    timer.clear();
    timer.handler_();
  }
}

void PollSet::postpone(Clock::duration away) {
  for (Timer& timer : timers_)
    if (timer.due_) *timer.due_ += away;
}

}  // namespace tlaunch
