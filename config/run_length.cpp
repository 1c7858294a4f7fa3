#include "config/run_length.h"

#include "config/cadence.h"

namespace tlaunch {

RunLength run_length(const RunConfig& config, std::int64_t steps_per_epoch) {
  const auto& train = config.train;
  const auto effective_batch = train.effective_batch_size.value();
  RunLength length;
  length.steps_per_epoch = steps_per_epoch;
  length.total_steps = train.max_steps ? *train.max_steps
                       : train.kimg    ? steps_of_kimg(*train.kimg, effective_batch)
                                       : train.epochs.value() * steps_per_epoch;
  length.steps_per_evaluation = steps_per_evaluation(config.eval, steps_per_epoch, effective_batch);
  length.steps_per_checkpoint = steps_per_checkpoint(config.checkpoint, steps_per_epoch, effective_batch);
  return length;
}

}  // namespace tlaunch
