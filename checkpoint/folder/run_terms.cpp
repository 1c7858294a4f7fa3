#include "checkpoint/folder/run_terms.h"

#include <algorithm>

#include "base/json.h"
#include "checkpoint/folder/catalog.h"
#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {

RunTerms run_terms_of(const std::string& path) {
  const SafetensorsFile file(path);
  const auto found = file.metadata().find(state_key);
  const Json state = found == file.metadata().end() ? Json() : Json::parse(found->second, nullptr, false);
  const Json run = state.is_object() ? state.value("run", Json()) : Json();
  const auto count = [&](const char* key) -> std::int64_t {
    const auto value = run.find(key);
    return value != run.end() && value->is_number_integer() ? std::max<std::int64_t>(value->get<std::int64_t>(), 0) : 0;
  };
  RunTerms terms;
  if (!run.is_object()) return terms;
  terms.effective_batch_size = count("effective_batch_size");
  terms.world_size = count("world_size");
  if (const auto device = run.find("device"); device != run.end() && device->is_string()) terms.device = *device;
  terms.data = data_identity_from_json(run.value("data", Json()));
  if (terms.data.train_samples == 0) terms.data.train_samples = count("train_samples");  // of an earlier version
  if (const auto settings = run.find("settings"); settings != run.end() && settings->is_object())
    for (const auto& [key, value] : settings->items())
      if (value.is_string()) terms.settings[key] = value.get<std::string>();
  return terms;
}

}  // namespace tlaunch
