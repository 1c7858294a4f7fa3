// Where a run is between two steps: what a checkpoint stores beside the tensors, so that a resume continues exactly
// there. With the order of samples (worker/sampler.h) `step` is also the position within the epoch.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "worker/early_stopping.h"
#include "worker/evaluation_schedule.h"

namespace tlaunch {

struct Position {
  std::int64_t step = 0;                       // optimizer steps done
  std::map<std::string, double> metrics = {};  // of the latest evaluation, and of the detection at the end
  EarlyStopping early_stopping = {};
  EvaluationSchedule evaluation = {};
  std::int64_t detected_step = -1;  // the step before the detection; -1: no detection yet
  std::int64_t rollbacks = 0;       // each halved the learning rate (train.on_nan: rollback)
};

// The factor that the rollbacks put on the learning rate.
inline double learning_rate_factor(const Position& position) {
  return std::ldexp(1.0, -static_cast<int>(position.rollbacks));
}

// "progress" of a checkpoint's tlaunch.state; metrics may be non-finite (base/json.h: without_nonfinite()).
Json to_json(const Position& position);
// Throws Json's exceptions if `json` has another shape.
Position position_from_json(const Json& json);

}  // namespace tlaunch
