#include "trainer/loop/evaluate.h"

#include <chrono>
#include <numeric>

#include "data/loader.h"
#include "trainer/device/precision.h"
#include "trainer/device/timing.h"
#include "trainer/step/loss.h"
#include "worker/run_phase.h"
#include "worker/stop_request.h"

namespace tlaunch {
namespace {

// {loss, correct, 1 if this rank was asked to stop and did} over the samples from `first` to `end`, summed in float64
// on the device. No rank waits for another.
torch::Tensor sums_of(const TrainingSetup& setup, const RunConfig& config, std::int64_t first, std::int64_t end,
                      std::int64_t batch) {
  Loader loader(
      [&](std::int64_t i) {
        std::vector<std::int64_t> indices(std::min(batch, end - first - i * batch));
        std::iota(indices.begin(), indices.end(), first + i * batch);
        return setup.dataset->collate(Split::val, indices, nullptr);
      },
      (end - first + batch - 1) / batch, config.data.num_workers.value_or(0), config.data.prefetch_factor.value_or(2),
      pins_batches(config.data, setup.device));
  auto sums = torch::zeros({3}, torch::TensorOptions().device(setup.device).dtype(torch::kFloat64));
  for (std::int64_t done = first; done < end; done += batch) {
    if (stop_signal() != 0) {
      sums[2] = 1;
      break;
    }
    note_progress();
    const auto made = loader.next();
    const auto target = model_target(setup, made);
    const AutocastScope autocast(setup.device, setup.precision);
    const auto logits = setup.model->forward(model_input(setup, made));
    sums.slice(0, 0, 2) += torch::stack({cross_entropy(logits, target, at::Reduction::Sum).to(torch::kFloat64),
                                         logits.argmax(1).eq(target).sum().to(torch::kFloat64)});
  }
  return sums;
}

}  // namespace

Evaluation evaluate(TrainingSetup& setup, const Ranks& ranks, const RunConfig& config, HalvingBatch& batch,
                    std::int64_t limit) {
  const auto start = std::chrono::steady_clock::now();
  const auto total = setup.dataset->size(Split::val);
  const auto samples = limit > 0 ? std::min(limit, total) : total;
  // Each rank has a contiguous share. The shares may differ by one, because no gradients are averaged.
  const auto first = samples * ranks.rank() / ranks.size(), end = samples * (ranks.rank() + 1) / ranks.size();

  ranks.broadcast(setup.model->buffers());
  const torch::NoGradGuard no_grad;
  setup.model->eval();
  torch::Tensor sums;
  batch.run(ranks, config.train.batch_size.value(),
            [&](std::int64_t size) { sums = sums_of(setup, config, first, end, size); });
  setup.model->train();
  ranks.sum(sums);

  Evaluation result;
  const auto host = sums.cpu();
  result.seconds = seconds_since(start);
  result.cut_short = host[2].item<double>() > 0;
  if (result.cut_short) return result;
  result.samples = samples;
  result.metrics["val_loss"] = host[0].item<double>() / samples;
  result.metrics["val_accuracy"] = host[1].item<double>() / samples;
  return result;
}

}  // namespace tlaunch
