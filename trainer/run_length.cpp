#include "trainer/run_length.h"

#include <algorithm>
#include <cmath>

namespace tlaunch {
namespace {

std::int64_t steps_of_kimg(double kimg, std::int64_t effective_batch) {
  return std::max<std::int64_t>(1, std::llround(std::ceil(kimg * 1000 / static_cast<double>(effective_batch))));
}

}  // namespace

RunLength run_length(const RunConfig& config, std::int64_t steps_per_epoch) {
  const auto& train = config.train;
  const auto& eval = config.eval;
  const auto& checkpoint = config.checkpoint;
  RunLength length;
  length.steps_per_epoch = steps_per_epoch;
  length.total_steps = train.max_steps ? *train.max_steps
                       : train.kimg    ? steps_of_kimg(*train.kimg, train.effective_batch_size.value())
                                       : train.epochs.value() * steps_per_epoch;
  length.steps_per_evaluation = eval.every_n_steps  ? *eval.every_n_steps
                                : eval.every_n_kimg ? steps_of_kimg(*eval.every_n_kimg, train.effective_batch_size.value())
                                                    : eval.every_n_epochs.value() * steps_per_epoch;
  length.steps_per_checkpoint =
      checkpoint.every_n_steps ? *checkpoint.every_n_steps : checkpoint.every_n_epochs.value() * steps_per_epoch;
  return length;
}

}  // namespace tlaunch
