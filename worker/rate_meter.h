// How fast a run trains, without its pauses (evaluation, saving): since the last logged step, and in its steady part.
// The steady part excludes the first steps, in which allocators and thread pools warm up. Pure: the caller reads the
// clock.
#pragma once

#include <cstdint>
#include <optional>

namespace tlaunch {

class RateMeter {
 public:
  struct Span {
    std::int64_t steps = 0;
    double seconds = 0;
  };
  static constexpr std::int64_t warm_steps = 10;

  // The session begins; `step`: steps done before.
  void start(std::int64_t step, double now_s);
  // The run goes back to `step` and warms up again, in the same session.
  void restart(std::int64_t step, double now_s);
  // `step` is done. Call this before the pause() that follows the step.
  void after_step(std::int64_t step, double now_s);
  void pause(double seconds);

  Span interval(std::int64_t step, double now_s) const;
  void next_interval(std::int64_t step, double now_s);
  // The whole session, including its pauses, if it was too short to warm up.
  Span steady(std::int64_t step, double now_s) const;
  double session_s(double now_s) const { return now_s - session_start_s_; }

 private:
  struct Steady {
    std::int64_t step = 0;
    double start_s = 0, paused_s = 0;
  };
  std::int64_t first_step_ = 0, interval_step_ = 0;
  double session_start_s_ = 0, interval_start_s_ = 0;
  std::optional<Steady> steady_;  // empty: warming up
};

}  // namespace tlaunch
