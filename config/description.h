// The description of a worker program, as `tlaunch-worker describe --json` prints it: its models and data sets with
// their own config keys and metrics, and its LibTorch. The launcher does not link LibTorch and checks a config against
// this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "config/options.h"

namespace tlaunch {

enum class OptionType { boolean, integer, real, text };

// One key below `model:` or `data:` that a model or data set defines.
struct OptionSpec {
  std::string key;  // without the section: "depth"
  OptionType type = OptionType::integer;
  OptionValue default_value;
  std::string unit;                  // "": none
  std::string meaning;               // one sentence
  std::vector<OptionValue> choices;  // empty: any value within the bounds
  std::optional<double> min, max;    // inclusive; for integer and real
};

struct ModelDescription {
  std::string name;
  std::string summary;
  std::string sample_kind;  // kind of samples it needs: "image" or "keys"
  std::vector<OptionSpec> options;
  std::vector<std::string> metrics;  // metrics of an evaluation: val_loss, val_accuracy, ...
};

struct DatasetDescription {
  std::string name;
  std::string summary;
  std::string sample_kind;   // "image" or "keys"; must equal the model's
  std::string default_root;  // "": data.root is required
  std::vector<OptionSpec> options;
  std::vector<std::string> metrics;  // metrics at the end: precision, recall, f1, false_positive_rate
};

struct WorkerDescription {
  std::string torch_version;                    // "2.11.0+cu130"
  std::string cuda_version;                     // "13.0"; "" for a CPU-only LibTorch
  std::vector<std::string> cuda_architectures;  // "sm_75", ...
  std::vector<ModelDescription> models;
  std::vector<DatasetDescription> datasets;
  bool checks = false;  // it has `check CONFIG`, which checks data, model and weights of a job before the start

  const ModelDescription* model(const std::string& name) const;      // nullptr: unknown
  const DatasetDescription* dataset(const std::string& name) const;  // nullptr: unknown
};

Json to_json(const OptionValue&);
Json to_json(const WorkerDescription&);
// Throws DataError if the JSON is not a description.
WorkerDescription description_from_json(const Json&);

}  // namespace tlaunch
