// Chooses the folder of a run and the checkpoint that it continues from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.h"
#include "launcher/run/run_folder.h"

namespace tlaunch {

struct RunPlace {
  RunFolder folder;                // made and locked
  std::string resume_path;         // the checkpoint to continue from; "": start from the beginning
  std::vector<std::string> notes;  // for the user: skipped checkpoints, nothing to resume
};

// Without `resume`: a new folder, or `run_dir`, which must not contain a run (UsageError), except one that was not
// completed and saved nothing. `auto`: run_dir, or the newest run of this name; continues from its own newest valid
// checkpoint, or starts from the beginning if there is none. A path: a new folder for a run that continues from that
// checkpoint. The data must be the same (DataError), and only settings that may change on a resume may differ from the
// checkpoint's (UsageError with the keys). Throws IoError if a checkpoint cannot be read now.
RunPlace choose_place(const Job& job, const std::string& run_dir, const std::optional<std::string>& resume);

// The step at which the checkpoint was saved; nothing for "". Throws DataError.
std::optional<std::int64_t> step_of_checkpoint(const std::string& path);

}  // namespace tlaunch
