#include "base/error.h"
#include "base/json_problem.h"
#include "base/text.h"
#include "tuning/tuner.h"

namespace tlaunch {

Json to_json(const TuneOutcome& outcome) {
  Json json = to_json(outcome.plan);
  json["samples_per_s"] = outcome.samples_per_s;
  json["memory"] = {{"predicted_peak_bytes", outcome.predicted_peak_bytes},
                    {"measured_peak_bytes", outcome.measured_peak_bytes},
                    {"budget_bytes", outcome.budget_bytes}};
  json["trials"] = outcome.trials;
  json["seconds"] = outcome.seconds;
  json["cached"] = outcome.cached;
  json["notes"] = outcome.notes;
  json["unfinished"] = outcome.unfinished;
  if (!outcome.disturbed.empty()) json["disturbed"] = outcome.disturbed;
  if (outcome.pace) json["pace"] = to_json(*outcome.pace);
  return json;
}

TuneOutcome tune_outcome_from_json(const Json& json) {
  TuneOutcome outcome;
  outcome.plan = plan_from_json(json);
  try {
    outcome.samples_per_s = json.at("samples_per_s");
    const Json& memory = json.at("memory");
    outcome.predicted_peak_bytes = memory.at("predicted_peak_bytes");
    outcome.measured_peak_bytes = memory.at("measured_peak_bytes");
    outcome.budget_bytes = memory.at("budget_bytes");
    outcome.trials = json.at("trials");
    outcome.seconds = json.at("seconds");
    if (json.contains("pace")) outcome.pace = pace_from_json(json["pace"]);
    outcome.unfinished = json.value("unfinished", false);
    outcome.notes = json.at("notes").get<std::vector<std::string>>();
  } catch (const Json::exception& error) {
    throw DataError(format_text("not a tuning outcome: {}", json_problem(error)));
  }
  return outcome;
}

}  // namespace tlaunch
