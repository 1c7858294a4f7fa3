#include "core/plan.h"

#include "core/cadence.h"
#include "core/error.h"
#include "core/json_problem.h"

namespace tlaunch {
namespace {

constexpr Origin origins[] = {Origin::user,      Origin::team,  Origin::measured,
                              Origin::predicted, Origin::prior, Origin::cache};

Origin origin_from(const std::string& text) {
  for (const Origin origin : origins)
    if (text == to_string(origin)) return origin;
  throw DataError("plan: unknown origin '" + text + "'");
}

[[noreturn]] void bad_value(const Choice& choice, const char* expected) {
  throw DataError("plan: " + choice.key + ": expected " + expected + ", got " + text_of(choice.value));
}

void fill(std::optional<std::int64_t>& setting, const Choice& choice) {
  if (setting) return;
  if (!choice.value.is_number_integer()) bad_value(choice, "an integer");
  setting = choice.value.get<std::int64_t>();
}

void fill(std::optional<bool>& setting, const Choice& choice) {
  if (setting) return;
  if (!choice.value.is_boolean()) bad_value(choice, "true or false");
  setting = choice.value.get<bool>();
}

void fill(std::optional<Precision>& setting, const Choice& choice) {
  if (setting) return;
  for (const Precision precision : {Precision::fp32, Precision::fp16, Precision::bf16})
    if (choice.value == to_string(precision)) setting = precision;
  if (!setting) bad_value(choice, "off, fp16 or bf16");
}

void fill(double& setting, const Choice& choice) {
  if (!choice.value.is_number()) bad_value(choice, "a number");
  setting = choice.value.get<double>();
}

}  // namespace

const char* to_string(Origin origin) {
  switch (origin) {
    case Origin::user: return "user";
    case Origin::team: return "team";
    case Origin::measured: return "measured";
    case Origin::predicted: return "predicted";
    case Origin::prior: return "prior";
    case Origin::cache: return "cache";
  }
  throw std::logic_error("no such Origin");
}

const Choice* Plan::find(const std::string& key) const {
  for (const Choice& choice : choices)
    if (choice.key == key) return &choice;
  return nullptr;
}

Json to_json(const Plan& plan) {
  Json choices = Json::object();
  for (const Choice& choice : plan.choices) {
    choices[choice.key] = {{"value", choice.value}, {"origin", to_string(choice.origin)}, {"reason", choice.reason}};
    if (!choice.evidence.is_null()) choices[choice.key]["evidence"] = without_nonfinite(choice.evidence);
  }
  return {{"plan", choices},
          {"world_size", plan.world_size},
          {"memory_budget_bytes", plan.memory_budget_bytes},
          {"samples_per_s", plan.samples_per_s}};
}

Plan plan_from_json(const Json& json) {
  try {
    Plan plan;
    plan.world_size = json.at("world_size").get<std::int64_t>();
    if (json.contains("memory_budget_bytes"))
      plan.memory_budget_bytes = json["memory_budget_bytes"].get<std::uint64_t>();
    plan.samples_per_s = json.value("samples_per_s", 0.0);
    if (!json.at("plan").is_object()) throw DataError("plan: expected an object below \"plan\"");
    for (const auto& [key, choice] : json.at("plan").items())
      plan.choices.push_back({key, choice.at("value"), origin_from(choice.at("origin").get<std::string>()),
                              choice.at("reason").get<std::string>(), choice.value("evidence", Json(nullptr))});
    return plan;
  } catch (const Json::exception& error) {
    throw DataError(std::string("not a plan: ") + json_problem(error));
  }
}

RunConfig apply(RunConfig config, const Plan& plan) {
  const bool effective_batch_is_open = !config.train.effective_batch_size;
  const bool save_interval_is_open = tlaunch::save_interval_is_open(config.checkpoint);
  for (const Choice& choice : plan.choices) {
    const std::string& key = choice.key;
    if (key == "batch_size")
      fill(config.train.batch_size, choice);
    else if (key == "gradient_accumulation_steps")
      fill(config.train.gradient_accumulation_steps, choice);
    else if (key == "warmup_steps")
      fill(config.train.warmup_steps, choice);
    else if (key == "mixed_precision")
      fill(config.gpu.mixed_precision, choice);
    else if (key == "tf32")
      fill(config.gpu.tf32, choice);
    else if (key == "cudnn_benchmark")
      fill(config.gpu.cudnn_benchmark, choice);
    else if (key == "channels_last")
      fill(config.gpu.channels_last, choice);
    else if (key == "num_workers")
      fill(config.data.num_workers, choice);
    else if (key == "prefetch_factor")
      fill(config.data.prefetch_factor, choice);
    else if (key == "pin_memory")
      fill(config.data.pin_memory, choice);
    else if (key == "threads_per_rank")
      fill(config.launch.threads_per_rank, choice);
    else if (key == "log_interval")
      fill(config.log.log_interval, choice);
    else if (key == "gpu_log_interval")
      fill(config.log.gpu_log_interval, choice);
    else if (key == "save_interval" && save_interval_is_open)
      fill(config.checkpoint.every_n_steps, choice);
    else if (key == "effective_batch_size")
      fill(config.train.effective_batch_size, choice);
    else if (key == "learning_rate" && effective_batch_is_open)
      fill(config.train.learning_rate, choice);
  }
  return config;
}

}  // namespace tlaunch
