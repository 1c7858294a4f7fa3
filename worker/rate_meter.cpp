#include "worker/rate_meter.h"

namespace tlaunch {

void RateMeter::start(std::int64_t step, double now_s) {
  session_start_s_ = now_s;
  restart(step, now_s);
}

void RateMeter::restart(std::int64_t step, double now_s) {
  first_step_ = step;
  steady_.reset();
  next_interval(step, now_s);
}

void RateMeter::after_step(std::int64_t step, double now_s) {
  if (step - first_step_ == warm_steps) steady_ = {step, now_s, 0};
}

void RateMeter::pause(double seconds) {
  interval_start_s_ += seconds;
  if (steady_) steady_->paused_s += seconds;
}

RateMeter::Span RateMeter::interval(std::int64_t step, double now_s) const {
  return {step - interval_step_, now_s - interval_start_s_};
}

void RateMeter::next_interval(std::int64_t step, double now_s) {
  interval_step_ = step;
  interval_start_s_ = now_s;
}

RateMeter::Span RateMeter::steady(std::int64_t step, double now_s) const {
  if (!steady_) return {step - first_step_, session_s(now_s)};
  return {step - steady_->step, now_s - steady_->start_s - steady_->paused_s};
}

}  // namespace tlaunch
