#include "contract/planned_rate.h"

#include <algorithm>
#include <string>

#include "base/json.h"
#include "config/effective_batch.h"

namespace tlaunch {
namespace {

std::string text_of(double rate) { return Json(rate).dump(); }

std::string reason_of(const TrainConfig& train, const ScaledRate& rate, std::int64_t batch) {
  const std::string reference = std::to_string(reference_effective_batch);
  const std::string batches = std::to_string(batch) + "/" + reference;
  if (batch == reference_effective_batch)
    return text_of(rate.learning_rate) + " as written, which is for an effective batch of " + reference +
           " (another would change it by the " + rate.rule + ")";
  return std::string(rate.rule) + " of " + to_string(train.optimizer) + ": " + text_of(train.learning_rate) +
         ", written for an effective batch of " + reference + ", x " +
         (train.optimizer == OptimizerKind::sgd ? batches : "sqrt(" + batches + ")") + " = " +
         text_of(rate.learning_rate) + " for " + std::to_string(batch);
}

}  // namespace

void scale_learning_rate(Plan& plan, const TrainConfig& asked) {
  const Choice* batch = plan.find("train.effective_batch_size");
  if (asked.effective_batch_size || !batch) return;
  const auto samples = batch->value.get<std::int64_t>();
  const ScaledRate rate = scaled_learning_rate(asked, samples);
  const Choice made{
      "train.learning_rate",
      rate.learning_rate,
      batch->origin,
      reason_of(asked, rate, samples),
      {{"rule", rate.rule}, {"written", asked.learning_rate}, {"written_for", reference_effective_batch}}};
  const auto old = std::find_if(plan.choices.begin(), plan.choices.end(),
                                [](const Choice& choice) { return choice.key == "train.learning_rate"; });
  if (old != plan.choices.end())
    *old = made;
  else
    plan.choices.push_back(made);
}

}  // namespace tlaunch
