#include "checkpoint/run_terms.h"

#include "checkpoint/catalog.h"
#include "checkpoint/safetensors.h"
#include "core/error.h"
#include "core/json.h"

namespace tlaunch {

RunTerms run_terms_of(const std::string& path) {
  const SafetensorsFile file(path);
  const auto found = file.metadata().find(state_key);
  const Json state = found == file.metadata().end() ? Json() : Json::parse(found->second, nullptr, false);
  const Json run = state.is_object() ? state.value("run", Json()) : Json();
  const auto count = [&](const char* key) -> std::int64_t {
    return run.is_object() && run.contains(key) && run[key].is_number_integer() ? run[key].get<std::int64_t>() : 0;
  };
  RunTerms terms;
  terms.effective_batch_size = count("effective_batch_size");
  if (terms.effective_batch_size < 1)
    throw DataError(path + ": its " + state_key + " does not say the effective batch");
  terms.world_size = count("world_size");
  if (const Json settings = run.value("settings", Json()); settings.is_object())
    for (const auto& [key, value] : settings.items())
      if (value.is_string()) terms.settings[key] = value.get<std::string>();
  return terms;
}

}  // namespace tlaunch
