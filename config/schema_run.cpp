// The keys of the top level.
#include "config/schema_keys.h"

namespace tlaunch {
namespace {

bool is_folder_name(const std::string& text) {  // the run's folder below run_root
  return text.find('/') == std::string::npos && text != "." && text != ".." && text.size() <= 100;
}

}  // namespace

std::vector<SchemaKey> run_keys() {
  return {
      {.key = "name",
       .field = TLAUNCH_FIELD(name),
       .meaning = "Name of the run and of its folder in run_root.",
       .default_note = "the file's stem",
       .may_change_on_resume = true,
       .check = is_folder_name,
       .expected = "text of at most 100 characters without '/'",
       .path = PathBase::name},
      {.key = "seed",
       .field = TLAUNCH_FIELD(seed),
       .meaning = "Seed of the initial weights, shuffling, augmentation and dropout.",
       .rule = {.min = 0}},
      {.key = "deterministic",
       .field = TLAUNCH_FIELD(deterministic),
       .meaning = "Use only kernels that give the same bits every time. Training may be slower."},
      {.key = "run_root",
       .field = TLAUNCH_FIELD(run_root),
       .meaning = "Folder in which each run gets its own folder. A relative path starts at the working directory.",
       .may_change_on_resume = true,
       .path = PathBase::as_written},
  };
}

}  // namespace tlaunch
