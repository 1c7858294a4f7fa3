// The keys of `data:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> data_keys() {
  return {
      {.key = "data.name",
       .field = TLAUNCH_FIELD(data.name),
       .meaning = "Which data set; its own keys stand in the tables of data sets below.",
       .default_note = "required"},
      {.key = "data.root",
       .field = TLAUNCH_FIELD(data.root),
       .meaning =
           "Folder of its files; relative to the file this stands in, on the command line to the working directory.",
       .default_note = "the data set's own folder, where it has one",
       .path = PathBase::file_folder},
      {.key = "data.num_workers",
       .field = TLAUNCH_FIELD(data.num_workers),
       .unit = "threads a rank",
       .meaning = "Loader threads that prepare batches ahead; 0: none, in the training thread.",
       .rule = {.min = 0, .max = 1024, .empty_word = "auto"},
       .may_change_on_resume = true},
      {.key = "data.prefetch_factor",
       .field = TLAUNCH_FIELD(data.prefetch_factor),
       .unit = "batches a thread",
       .meaning = "How far the loader threads work ahead.",
       .rule = positive(1024, "auto"),
       .may_change_on_resume = true},
      {.key = "data.pin_memory",
       .field = TLAUNCH_FIELD(data.pin_memory),
       .meaning = "Batches in page-locked memory, for faster copies to a GPU.",
       .rule = {.empty_word = "auto"},
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
