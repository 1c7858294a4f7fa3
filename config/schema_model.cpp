// The keys of `model:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> model_keys() {
  return {
      {.key = "model.name",
       .field = TLAUNCH_FIELD(model.name),
       .meaning = "The model to train. Its own keys are in the tables of models below.",
       .default_note = "required"},
      {.key = "model.weights",
       .field = TLAUNCH_FIELD(model.weights),
       .meaning = "A .safetensors file with the initial weights. A relative path starts at the folder of the file "
                  "that names it, or at the working directory if given on the command line. none: initialise them "
                  "from seed.",
       .rule = {.empty_word = "none"},
       .path = PathBase::file_folder},
      {.key = "model.dtype",
       .field = TLAUNCH_FIELD(model.dtype),
       .meaning = "Type of the parameters and of the arithmetic. float64 is for comparisons."},
  };
}

}  // namespace tlaunch
