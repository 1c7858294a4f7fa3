// The keys of `data:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> data_keys() {
  return {
      {.key = "data.name",
       .field = TLAUNCH_FIELD(data.name),
       .meaning = "The data set. Its own keys are in the tables of data sets below.",
       .default_note = "required"},
      {.key = "data.root",
       .field = TLAUNCH_FIELD(data.root),
       .meaning = "Folder with the files of the data set. A relative path starts at the folder of the file that names "
                  "it, or at the working directory if given on the command line.",
       .default_note = "the data set's own folder, if it has one",
       .path = PathBase::file_folder},
      {.key = "data.num_workers",
       .field = TLAUNCH_FIELD(data.num_workers),
       .unit = "threads per rank",
       .meaning = "Loader threads that prepare batches ahead of training. 0: the training thread loads them itself.",
       .rule = {.min = 0, .max = 1024, .empty_word = "auto"},
       .may_change_on_resume = true},
      {.key = "data.prefetch_factor",
       .field = TLAUNCH_FIELD(data.prefetch_factor),
       .unit = "batches per thread",
       .meaning = "Batches that each loader thread prepares ahead.",
       .rule = positive(1024, "auto"),
       .may_change_on_resume = true},
      {.key = "data.pin_memory",
       .field = TLAUNCH_FIELD(data.pin_memory),
       .meaning = "Keep batches in page-locked memory, from which copies to a GPU are faster.",
       .rule = {.empty_word = "auto"},
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
