#include "tuning/card_prediction.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "tuning/memory_budget.h"
#include "tuning/search/batch_candidates.h"

namespace tlaunch {
namespace {

constexpr double card_fixed_bytes = 0.8e9;
constexpr double mixed_share = 0.7;  // of a sample's bytes: autocast keeps some activations in float32
constexpr double copies_of_parameters = 4;

}  // namespace

CardPrediction predict_for_card(const RunConfig& config, const GpuInfo& card, const std::string& sample_kind,
                                const MemoryLine& line, std::int64_t parameters, const CpuInfo& cpu) {
  HardwareProfile there;
  there.cpu = cpu;
  there.gpus = {card};
  const JobShape job{sample_kind, /*on_gpu=*/true, /*world_size=*/1};
  CardPrediction prediction;
  prediction.plan = prior_plan(config, there, job);
  prediction.budget_bytes = memory_budget_bytes(there, job, config.tune.margin);
  const RunConfig resolved = apply(config, prediction.plan);
  const bool mixed = *resolved.gpu.mixed_precision != Precision::fp32;
  const double width = config.model.dtype == FloatType::float64 ? 8 : 4;
  const MemoryLine there_line{card_fixed_bytes + copies_of_parameters * width * static_cast<double>(parameters),
                              line.bytes_per_sample * (mixed ? mixed_share : 1)};

  // An effective batch that is auto takes the prior's value: nobody has measured what is faster on that card.
  TrainConfig train = config.train;
  train.effective_batch_size = resolved.train.effective_batch_size;
  std::optional<BatchSplit> chosen;
  std::int64_t least = 0;
  for (const bool memory_forces : {false, true}) {
    const auto candidates = batch_candidates(train, job.world_size, memory_forces);
    least = candidates.front().micro_batch;
    for (const auto& split : candidates)
      if (there_line.peak_bytes(split.micro_batch) <= prediction.budget_bytes) chosen = split;
    if (chosen) break;
  }
  if (!chosen)
    throw UsageError(format_text(
        "no micro-batch fits {}: micro-batch {} needs {}, but only {} may be used. Take a smaller "
        "model or another card",
        card.name, least, format_bytes(there_line.peak_bytes(least)), format_bytes(prediction.budget_bytes)));
  prediction.peak_bytes = there_line.peak_bytes(chosen->micro_batch);
  for (Choice& choice : prediction.plan.choices) {
    if (choice.origin == Origin::user) continue;
    choice.origin = Origin::predicted;
    if (choice.key == "train.batch_size")
      choice = {choice.key,
                chosen->micro_batch,
                Origin::predicted,
                format_text("the largest that fits: {} predicted of {} ({} less the tier's margin): {}",
                            format_bytes(prediction.peak_bytes), format_bytes(prediction.budget_bytes),
                            format_bytes(card.memory_total_bytes), product(*chosen)),
                {{"bytes_per_sample", there_line.bytes_per_sample}, {"fixed_bytes", there_line.fixed_bytes}}};
    if (choice.key == "train.gradient_accumulation_steps")
      choice = {choice.key, chosen->accumulation, Origin::predicted,
                "makes up the effective batch: " + product(*chosen), nullptr};
  }
  return prediction;
}

}  // namespace tlaunch
