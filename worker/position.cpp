#include "worker/position.h"

namespace tlaunch {

Json to_json(const Position& position) {
  Json json{{"step", position.step},
            {"metrics", position.metrics},
            {"evaluations_without_improvement", position.early_stopping.evaluations_without_improvement}};
  if (position.early_stopping.best_val_loss) json["best_val_loss"] = *position.early_stopping.best_val_loss;
  if (position.evaluation.due) json["evaluation_due"] = true;
  if (position.evaluation.evaluated_step >= 0) json["evaluated_step"] = position.evaluation.evaluated_step;
  if (position.detected_step >= 0) json["detected_step"] = position.detected_step;
  if (position.rollbacks > 0) json["rollbacks"] = position.rollbacks;
  return json;
}

Position position_from_json(const Json& json) {
  Position position;
  position.step = json.at("step");
  for (const auto& [name, value] : json.at("metrics").items()) position.metrics[name] = number_of(value);
  position.early_stopping.evaluations_without_improvement = json.at("evaluations_without_improvement");
  if (json.contains("best_val_loss")) position.early_stopping.best_val_loss = number_of(json["best_val_loss"]);
  position.evaluation.due = json.value("evaluation_due", false);
  position.evaluation.evaluated_step = json.value("evaluated_step", std::int64_t{-1});
  position.detected_step = json.value("detected_step", std::int64_t{-1});
  position.rollbacks = json.value("rollbacks", std::int64_t{0});
  return position;
}

}  // namespace tlaunch
