// The options of a model with its defaults, some of them overridden.
#pragma once

#include <map>
#include <stdexcept>
#include <string>

#include "models/model.h"

namespace tlaunch {

inline Options options_of(const std::string& model, const std::map<std::string, OptionValue>& overrides = {}) {
  Options options;
  for (const ModelDescription& description : model_descriptions()) {
    if (description.name != model) continue;
    for (const OptionSpec& spec : description.options) options.set(spec.key, spec.default_value);
  }
  for (const auto& [key, value] : overrides) {
    if (!options.has(key)) throw std::logic_error(model + " has no option " + key);
    options.set(key, value);
  }
  return options;
}

inline SampleShape image_shape(std::int64_t channels, std::int64_t pixels, std::int64_t num_classes) {
  SampleShape shape;
  shape.kind = "image";
  shape.channels = channels;
  shape.height = shape.width = pixels;
  shape.num_classes = num_classes;
  return shape;
}

inline SampleShape keys_shape(std::int64_t window, std::int64_t num_classes) {
  SampleShape shape;
  shape.kind = "keys";
  shape.window = window;
  shape.num_classes = num_classes;
  return shape;
}

}  // namespace tlaunch
