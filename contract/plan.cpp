#include "contract/plan.h"

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/json_problem.h"
#include "base/nearest.h"
#include "base/text.h"
#include "config/cadence.h"
#include "config/schema.h"

namespace tlaunch {
namespace {

constexpr Origin origins[] = {Origin::user,      Origin::team,  Origin::measured,
                              Origin::predicted, Origin::prior, Origin::cache};

Origin origin_from(const std::string& text) {
  for (const Origin origin : origins)
    if (text == to_string(origin)) return origin;
  throw DataError(format_text("plan: unknown origin {}", quoted(text)));
}

const SchemaKey& planned_key(const std::string& key) {
  const auto& known = planned_keys();
  if (std::find(known.begin(), known.end(), key) != known.end()) return *schema_key(key);
  const auto meant = nearest(key, known);
  throw DataError(format_text("plan: {} is not a key that a plan decides{}", quoted(key),
                              meant ? format_text("; did you mean {}?", *meant) : ""));
}

// Format 1 named the keys without their section.
std::string key_of_short_name(const std::string& name) {
  for (const std::string& key : planned_keys())
    if (short_name(key) == name) return key;
  return name;
}

bool has_type(const Json& value, OptionType type) {
  switch (type) {
    case OptionType::boolean: return value.is_boolean();
    case OptionType::integer: return value.is_number_integer();
    case OptionType::real: return value.is_number();
    case OptionType::text: return value.is_string();
  }
  throw std::logic_error("no such OptionType");
}

OptionValue value_of(const Choice& choice, const ValueRule& rule) {
  const auto refuse = [&] {
    throw DataError(format_text("plan: {}: expected {}, got {}", choice.key, expectation(rule), text_of(choice.value)));
  };
  if (!has_type(choice.value, rule.type)) refuse();
  const ParsedValue parsed = parse_value(value_text(choice.value), rule);
  if (!parsed.value) refuse();
  return *parsed.value;
}

// Whether the plan decides the key, because `asked` does not set it.
bool is_open(const RunConfig& asked, const SchemaKey& key) {
  if (key.key == "train.learning_rate") return !asked.train.effective_batch_size;
  if (key.key == "checkpoint.every_n_steps") return save_interval_is_open(asked.checkpoint);
  return !get(key, asked);
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

const std::vector<std::string>& planned_keys() {
  static const std::vector<std::string> keys = {"train.batch_size",
                                                "train.gradient_accumulation_steps",
                                                "train.effective_batch_size",
                                                "train.learning_rate",
                                                "gpu.mixed_precision",
                                                "gpu.tf32",
                                                "gpu.cudnn_benchmark",
                                                "gpu.channels_last",
                                                "data.num_workers",
                                                "data.prefetch_factor",
                                                "data.pin_memory",
                                                "launch.threads_per_rank",
                                                "log.log_interval",
                                                "log.gpu_log_interval",
                                                "checkpoint.every_n_steps"};
  return keys;
}

std::string short_name(const std::string& planned_key) {
  return planned_key == "checkpoint.every_n_steps" ? "save_interval" : last_part(planned_key);
}

std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Json value_of_text(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  return value.is_number() || value.is_boolean() ? value : Json(text);
}

Json planned_value(const RunConfig& config, const std::string& key) {
  const auto value = get(*schema_key(key), config);
  return value ? to_json(*value) : Json(nullptr);
}

Json to_json(const Plan& plan) {
  Json choices = Json::object();
  for (const Choice& choice : plan.choices) {
    choices[choice.key] = {{"value", choice.value}, {"origin", to_string(choice.origin)}, {"reason", choice.reason}};
    if (!choice.evidence.is_null()) choices[choice.key]["evidence"] = without_nonfinite(choice.evidence);
  }
  return {{"format", plan_format},
          {"plan", choices},
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
    const int format = json.value("format", 1);
    if (format < 1 || format > plan_format)
      throw DataError(format_text("plan: format {} is unknown; this version of tlaunch reads formats up to {}", format,
                                  plan_format));
    for (const auto& [name, choice] : json.at("plan").items()) {
      const SchemaKey& key = planned_key(format == 1 ? key_of_short_name(name) : name);
      plan.choices.push_back({key.key, choice.at("value"), origin_from(choice.at("origin").get<std::string>()),
                              choice.at("reason").get<std::string>(), choice.value("evidence", Json(nullptr))});
      value_of(plan.choices.back(), key.rule);  // throws if the config does not accept it
    }
    return plan;
  } catch (const Json::exception& error) {
    throw DataError(format_text("not a plan: {}", json_problem(error)));
  }
}

RunConfig apply(const RunConfig& config, const Plan& plan) {
  RunConfig planned = config;
  for (const Choice& choice : plan.choices) {
    const SchemaKey& key = planned_key(choice.key);
    if (is_open(config, key)) set(key, planned, value_of(choice, key.rule));
  }
  return planned;
}

}  // namespace tlaunch
