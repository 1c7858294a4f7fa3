#include "config/description.h"

#include <algorithm>

#include "base/error.h"
#include "base/json_problem.h"
#include "base/text.h"

namespace tlaunch {

Json to_json(const OptionValue& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

namespace {

constexpr const char* type_names[] = {"boolean", "integer", "real", "text"};

OptionType type_from(const std::string& name) {
  const auto it = std::find(std::begin(type_names), std::end(type_names), name);
  if (it == std::end(type_names)) throw DataError(format_text("description: unknown option type {}", quoted(name)));
  return static_cast<OptionType>(it - std::begin(type_names));
}

OptionValue value_from(const Json& json, OptionType type) {
  switch (type) {
    case OptionType::boolean: return json.get<bool>();
    case OptionType::integer:
      if (!json.is_number_integer())
        throw DataError(format_text("description: expected an integer, got {}", text_of(json)));
      return json.get<std::int64_t>();
    case OptionType::real: return json.get<double>();
    case OptionType::text: return json.get<std::string>();
  }
  throw std::logic_error("no such OptionType");
}

Json to_json(const OptionSpec& option) {
  Json json = {{"key", option.key},
               {"type", type_names[static_cast<int>(option.type)]},
               {"default", tlaunch::to_json(option.default_value)},
               {"unit", option.unit},
               {"meaning", option.meaning},
               {"choices", Json::array()}};
  for (const OptionValue& choice : option.choices) json["choices"].push_back(tlaunch::to_json(choice));
  if (option.min) json["min"] = *option.min;
  if (option.max) json["max"] = *option.max;
  return json;
}

OptionSpec option_from(const Json& json) {
  OptionSpec option;
  option.key = json.at("key").get<std::string>();
  option.type = type_from(json.at("type").get<std::string>());
  option.default_value = value_from(json.at("default"), option.type);
  option.unit = json.at("unit").get<std::string>();
  option.meaning = json.at("meaning").get<std::string>();
  for (const Json& choice : json.at("choices")) option.choices.push_back(value_from(choice, option.type));
  if (json.contains("min")) option.min = json["min"].get<double>();
  if (json.contains("max")) option.max = json["max"].get<double>();
  return option;
}

// The fields that models and data sets share.
template <class Description>
Json common_json(const Description& described) {
  Json json = {{"name", described.name},
               {"summary", described.summary},
               {"sample_kind", described.sample_kind},
               {"options", Json::array()},
               {"metrics", described.metrics}};
  for (const OptionSpec& option : described.options) json["options"].push_back(to_json(option));
  return json;
}

template <class Description>
Description common_from(const Json& json) {
  Description described;
  described.name = json.at("name").get<std::string>();
  described.summary = json.at("summary").get<std::string>();
  described.sample_kind = json.at("sample_kind").get<std::string>();
  for (const Json& option : json.at("options")) described.options.push_back(option_from(option));
  described.metrics = json.at("metrics").get<std::vector<std::string>>();
  return described;
}

template <class Description>
const Description* named(const std::vector<Description>& all, const std::string& name) {
  const auto it = std::find_if(all.begin(), all.end(), [&](const Description& each) { return each.name == name; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace

const ModelDescription* WorkerDescription::model(const std::string& name) const { return named(models, name); }

const DatasetDescription* WorkerDescription::dataset(const std::string& name) const { return named(datasets, name); }

Json to_json(const WorkerDescription& worker) {
  Json json = {{"torch_version", worker.torch_version},
               {"cuda_version", worker.cuda_version},
               {"cuda_architectures", worker.cuda_architectures},
               {"checks", worker.checks},
               {"models", Json::array()},
               {"datasets", Json::array()}};
  for (const ModelDescription& model : worker.models) json["models"].push_back(common_json(model));
  for (const DatasetDescription& dataset : worker.datasets) {
    json["datasets"].push_back(common_json(dataset));
    json["datasets"].back()["default_root"] = dataset.default_root;
  }
  return json;
}

WorkerDescription description_from_json(const Json& json) {
  try {
    WorkerDescription worker;
    worker.torch_version = json.at("torch_version").get<std::string>();
    worker.cuda_version = json.at("cuda_version").get<std::string>();
    worker.cuda_architectures = json.at("cuda_architectures").get<std::vector<std::string>>();
    worker.checks = json.value("checks", false);  // absent in workers of earlier versions
    for (const Json& model : json.at("models")) worker.models.push_back(common_from<ModelDescription>(model));
    for (const Json& dataset : json.at("datasets")) {
      worker.datasets.push_back(common_from<DatasetDescription>(dataset));
      worker.datasets.back().default_root = dataset.at("default_root").get<std::string>();
    }
    return worker;
  } catch (const Json::exception& error) {
    throw DataError(format_text("not a worker's description: {}", json_problem(error)));
  }
}

}  // namespace tlaunch
