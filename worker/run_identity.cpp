#include "worker/run_identity.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

std::vector<std::pair<std::string, std::int64_t>> order_of_samples(const RunIdentity& identity) {
  return {{"seed", identity.seed},
          {"train_samples", identity.train_samples},
          {"effective_batch_size", identity.effective_batch_size},
          {"steps_per_epoch", identity.steps_per_epoch}};
}

}  // namespace

Json to_json(const RunIdentity& identity) {
  Json run = Json::object();
  for (const auto& [name, value] : order_of_samples(identity)) run[name] = value;
  run["world_size"] = identity.world_size;
  run["device"] = identity.device;
  run["settings"] = identity.settings;
  run["data"] = to_json(identity.data);
  return run;
}

RunIdentity run_identity_from_json(const Json& json) {
  RunIdentity identity{json.at("seed"), json.at("train_samples"), json.at("effective_batch_size"),
                       json.at("steps_per_epoch")};
  identity.data = data_identity_from_json(json.value("data", Json()));
  return identity;
}

void check_same_run(const RunIdentity& saved, const RunIdentity& now, const std::string& path) {
  if (const std::string difference = data_difference(saved.data, now.data); !difference.empty())
    throw DataError(format_text("{}: {}; a resume needs the same data", path, difference));
  const auto before = order_of_samples(saved), after = order_of_samples(now);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i].second != after[i].second)
      throw UsageError(
          format_text("{}: the checkpoint was made with {} {}, this run has {}. A resume must keep that; "
                      "to change it, start a new run with model.weights",
                      path, before[i].first, before[i].second, after[i].second));
}

}  // namespace tlaunch
