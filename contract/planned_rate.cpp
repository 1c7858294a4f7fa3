#include "contract/planned_rate.h"

#include <algorithm>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "config/effective_batch.h"

namespace tlaunch {
namespace {

std::string text_of(double rate) { return Json(rate).dump(); }

std::string reason_of(const TrainConfig& train, const ScaledRate& rate, std::int64_t batch) {
  if (batch == reference_effective_batch)
    return format_text("{} as written, for an effective batch of {} (another batch would scale it by the {})",
                       text_of(rate.learning_rate), reference_effective_batch, rate.rule);
  const std::string ratio = format_text("{}/{}", batch, reference_effective_batch);
  return format_text("{} of {}: {}, written for an effective batch of {}, x {} = {} for {}", rate.rule,
                     to_string(train.optimizer), text_of(train.learning_rate), reference_effective_batch,
                     train.optimizer == OptimizerKind::sgd ? ratio : format_text("sqrt({})", ratio),
                     text_of(rate.learning_rate), batch);
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
