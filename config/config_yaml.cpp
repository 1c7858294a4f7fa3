// Writes the resolved config as text, and compares two of them.
#include <algorithm>
#include <map>

#include "config/config_loader.h"
#include "config/config_variables.h"
#include "config/effective_batch.h"
#include "config/schema.h"
#include "config/yaml/yaml_scalar.h"

namespace tlaunch {
namespace {

struct KeyText {
  std::string key, text;
};

// A key's value as in flatten(); nothing if another key of its group is set instead.
std::optional<std::string> text_of(const SchemaKey& key, const RunConfig& config) {
  const auto value = get(key, config);
  if (value) return to_text(*value);
  for (const std::string& sibling : group_siblings(key))
    if (get(*schema_key(sibling), config)) return std::nullopt;
  if (!key.group.empty() && key.rule.empty_word.empty()) return std::nullopt;
  return key.rule.empty_word;
}

const Options* own_options(const RunConfig& config, const std::string& section) {
  if (section == "model") return &config.model.options;
  if (section == "data") return &config.data.options;
  return nullptr;
}

// `worker` gives the order of a model's own keys; without it they are sorted by name.
std::vector<KeyText> all_keys(const RunConfig& config, const WorkerDescription* worker) {
  std::vector<KeyText> keys;
  const auto append_options = [&](const std::string& section) {
    const Options* options = own_options(config, section);
    if (!options) return;
    std::vector<std::string> order;
    const auto order_of = [&](const auto* description) {
      if (description)
        for (const OptionSpec& option : description->options) order.push_back(option.key);
    };
    if (worker && section == "model") order_of(worker->model(config.model.name));
    if (worker && section == "data") order_of(worker->dataset(config.data.name));
    if (order.empty())
      for (const auto& [key, value] : options->values()) order.push_back(key);
    for (const std::string& key : order)
      if (options->has(key)) keys.push_back({section + "." + key, to_text(options->values().at(key))});
  };

  std::string section;
  for (const SchemaKey& key : schema()) {
    if (section_of(key.key) != section) append_options(section);
    section = section_of(key.key);
    if (const auto text = text_of(key, config)) keys.push_back({key.key, *text});
  }
  append_options(section);
  return keys;
}

}  // namespace

std::string to_yaml(const RunConfig& config, const WorkerDescription& worker) {
  std::string yaml, section;
  for (const auto& [key, text] : all_keys(config, &worker)) {
    if (section_of(key) != section) {
      section = section_of(key);
      yaml += section + ":\n";
    }
    yaml += (section.empty() ? "" : "  ") + last_part(key) + ": " + yaml_scalar(escape_variables(text)) + "\n";
  }
  return yaml;
}

std::vector<std::pair<std::string, std::string>> flatten(const RunConfig& config) {
  std::vector<std::pair<std::string, std::string>> flat;
  for (auto& [key, text] : all_keys(config, nullptr)) flat.emplace_back(key, text);
  return flat;
}

std::map<std::string, std::string> resume_settings(const RunConfig& config) {
  std::map<std::string, std::string> settings;
  for (const auto& [key, text] : flatten(config)) {
    const SchemaKey* known = schema_key(key);
    const bool splits_batch = key == "train.batch_size" || key == "train.gradient_accumulation_steps";
    if (!known || splits_batch || (!known->may_change_on_resume && known->path == PathBase::none)) settings[key] = text;
  }
  return settings;
}

std::vector<std::string> changes_forbidden_on_resume(const std::map<std::string, std::string>& saved, RunConfig now) {
  if (const auto batch = saved.find("train.effective_batch_size");
      !now.train.effective_batch_size && batch != saved.end())
    if (const auto number = parse_value(batch->second, {.type = OptionType::integer, .min = 1}).value)
      now.train.learning_rate = scaled_learning_rate(now.train, std::get<std::int64_t>(*number)).learning_rate;
  auto gone = saved;  // keys that are left at the end belong to another model or data set
  std::vector<std::string> changed;
  for (const auto& [key, text] : resume_settings(now)) {
    gone.erase(key);
    const SchemaKey* known = schema_key(key);
    const auto before = saved.find(key);
    if ((known && known->may_change_on_resume) || (text == "auto" && before != saved.end())) continue;
    const bool is_new = before == saved.end() && known;  // added by a later version
    if (!is_new && (before == saved.end() || before->second != text)) changed.push_back(key);
  }
  for (const auto& [key, text] : gone) changed.push_back(key);
  return changed;
}

}  // namespace tlaunch
