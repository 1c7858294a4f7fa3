#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/text.h"
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
  if (find(description.name))
    throw std::logic_error(format_text("register_model: a model named {} exists already", description.name));
  registry().push_back({std::move(description), factory});
}

std::vector<ModelDescription> model_descriptions() {
  std::vector<ModelDescription> descriptions;
  for (const Entry& entry : registry()) descriptions.push_back(entry.description);
  return descriptions;
}

std::shared_ptr<Model> make_model(const std::string& name, const Options& options, const SampleShape& shape) {
  const Entry* entry = find(name);
  if (!entry) throw UsageError(format_text("model.name: this worker has no model named {}", name));
  if (entry->description.sample_kind != shape.kind) {
    throw UsageError(format_text(
        "model.name: {} takes samples of kind {}, but the data set gives {}; choose another model.name or data.name",
        name, entry->description.sample_kind, shape.kind));
  }
  return entry->factory(options, shape);
}

}  // namespace tlaunch
