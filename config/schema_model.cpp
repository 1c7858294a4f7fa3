// The keys of `model:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> model_keys() {
  return {
      {.key = "model.name",
       .field = TLAUNCH_FIELD(model.name),
       .meaning = "Which model; its own keys stand in the tables of models below.",
       .default_note = "required"},
      {.key = "model.weights",
       .field = TLAUNCH_FIELD(model.weights),
       .meaning = "A .safetensors file to start from; relative to the file this stands in, on the command line to the "
                  "working directory. none: initialise from seed.",
       .rule = {.empty_word = "none"},
       .path = PathBase::file_folder},
      {.key = "model.dtype",
       .field = TLAUNCH_FIELD(model.dtype),
       .meaning = "Type of parameters and arithmetic; float64 is for comparisons."},
  };
}

}  // namespace tlaunch
