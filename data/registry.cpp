#include <mutex>
#include <stdexcept>
#include <utility>

#include "base/text.h"
#include "data/builtin.h"
#include "data/dataset.h"

namespace tlaunch {
namespace {

struct Entry {
  DatasetDescription description;
  DatasetFactory factory;
};

struct Registry {
  std::mutex mutex;
  std::vector<Entry> entries{
      {describe_fashion_mnist(), make_fashion_mnist},
      {describe_sessions(), make_sessions},
      {describe_dpkg(), make_dpkg},
  };

  const Entry* find(const std::string& name) const {
    for (const auto& entry : entries) {
      if (entry.description.name == name) return &entry;
    }
    return nullptr;
  }
};

Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

void register_dataset(DatasetDescription description, DatasetFactory factory) {
  const std::lock_guard lock(registry().mutex);
  if (registry().find(description.name) != nullptr) {
    throw std::logic_error(format_text("register_dataset: a data set named {} exists already", description.name));
  }
  registry().entries.push_back({std::move(description), factory});
}

std::vector<DatasetDescription> dataset_descriptions() {
  const std::lock_guard lock(registry().mutex);
  std::vector<DatasetDescription> descriptions;
  for (const auto& entry : registry().entries) descriptions.push_back(entry.description);
  return descriptions;
}

std::unique_ptr<Dataset> make_dataset(const DataConfig& data, const Options& model_options) {
  DatasetFactory factory = nullptr;
  {
    const std::lock_guard lock(registry().mutex);
    if (const Entry* entry = registry().find(data.name)) factory = entry->factory;
  }
  if (factory == nullptr)
    throw std::logic_error(format_text("make_dataset: no data set is named {}, but validation accepted it", data.name));
  return factory(data, model_options);
}

DataIdentity data_identity(const Dataset& dataset) {
  return {dataset.size(Split::train), dataset.size(Split::val), dataset.checksum(Split::train),
          dataset.checksum(Split::val)};
}

}  // namespace tlaunch
