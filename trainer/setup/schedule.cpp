#include "trainer/setup/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tlaunch {

double learning_rate_at(const TrainConfig& train, const ScheduleSpan& span, std::int64_t step) {
  // The first step has a rate above 0, the last one of the warm-up the full rate.
  if (step < span.warmup_steps) {
    return train.learning_rate * static_cast<double>(step + 1) / static_cast<double>(span.warmup_steps);
  }
  switch (train.schedule) {
    case ScheduleKind::cosine: {
      const auto length = static_cast<double>(std::max<std::int64_t>(span.total_steps - span.warmup_steps, 1));
      const double position = std::min(static_cast<double>(step - span.warmup_steps) / length, 1.0);
      return train.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * position));
    }
    case ScheduleKind::step: {
      const std::int64_t epoch = step / std::max<std::int64_t>(span.steps_per_epoch, 1);
      return train.learning_rate * std::pow(train.step_gamma, static_cast<double>(epoch / train.step_epochs.value()));
    }
    case ScheduleKind::constant: break;
  }
  return train.learning_rate;
}

std::int64_t warmup_steps(const TrainConfig& train, std::int64_t total_steps) {
  return train.warmup_steps.value_or(std::min<std::int64_t>(total_steps / 20, 100));
}

}  // namespace tlaunch
