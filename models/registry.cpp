#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "models/lstm.h"
#include "models/model.h"
#include "models/resnet.h"

namespace tlaunch {
namespace {

struct Entry {
  ModelDescription description;
  ModelFactory factory;
};

// Built-in models are named here rather than by static initialisers, which a linker may drop from a static library.
std::vector<Entry>& registry() {
  static std::vector<Entry> entries = {{lstm_description(), &make_lstm}, {resnet_description(), &make_resnet}};
  return entries;
}

const Entry* find(const std::string& name) {
  const auto found = std::ranges::find(registry(), name, [](const Entry& entry) { return entry.description.name; });
  return found == registry().end() ? nullptr : &*found;
}

}  // namespace

void register_model(ModelDescription description, ModelFactory factory) {
  if (find(description.name)) throw std::logic_error("a model named " + description.name + " is registered already");
  registry().push_back({std::move(description), factory});
}

std::vector<ModelDescription> model_descriptions() {
  std::vector<ModelDescription> descriptions;
  for (const Entry& entry : registry()) descriptions.push_back(entry.description);
  return descriptions;
}

std::shared_ptr<Model> make_model(const std::string& name, const Options& options, const SampleShape& shape) {
  const Entry* entry = find(name);
  if (!entry) throw UsageError("model.name: this worker has no model named " + name);
  if (entry->description.sample_kind != shape.kind) {
    throw UsageError("model.name: " + name + " takes samples of kind " + entry->description.sample_kind +
                     ", but the data set gives " + shape.kind + ": choose another model.name or data.name");
  }
  return entry->factory(options, shape);
}

}  // namespace tlaunch
