// train.early_stopping_patience: counts evaluations without a lower val_loss. Pure.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace tlaunch {

struct EarlyStopping {
  std::optional<double> best_val_loss = {};  // empty: no evaluation has found a finite one yet
  std::int64_t evaluations_without_improvement = 0;

  // Counts an evaluation that found `val_loss`; a non-finite loss is not an improvement.
  void note(double val_loss) {
    if (std::isfinite(val_loss) && (!best_val_loss || val_loss < *best_val_loss)) {
      best_val_loss = val_loss;
      evaluations_without_improvement = 0;
    } else {
      ++evaluations_without_improvement;
    }
  }

  // Without a patience training never stops early.
  bool stops(const std::optional<std::int64_t>& patience) const {
    return patience && evaluations_without_improvement >= *patience;
  }
};

}  // namespace tlaunch
