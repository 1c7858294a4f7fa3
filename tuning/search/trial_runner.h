// Carries out trials: real workers (launcher/tune/trial_group.h), or a simulated device in tests.
#pragma once

#include "contract/trial.h"

namespace tlaunch {

class TrialRunner {
 public:
  virtual ~TrialRunner() = default;
  // Blocks until the trial is done. A failure of the workers is a result, never an exception.
  virtual TrialResult run(const TrialSpec& spec) = 0;
  // Seconds since tuning began.
  virtual double elapsed_s() const = 0;
};

}  // namespace tlaunch
