// Which run folder a run works in, and from which checkpoint it goes on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.h"
#include "launcher/run/run_folder.h"

namespace tlaunch {

struct RunPlace {
  RunFolder folder;                // made and locked
  std::string resume_path;         // checkpoint to go on from; "": from the start
  std::vector<std::string> notes;  // what the user should know: skipped checkpoints, nothing to resume
};

// Without `resume`: a new folder, or `run_dir`, which must hold no run (UsageError) but one that has saved nothing and
// was not completed. `auto`: run_dir, or the newest run of this name; from its own newest valid checkpoint, from nothing
// where there is none. A path: a new folder that goes on from that checkpoint. The data must be the same (DataError),
// and only what may differ from the checkpoint's settings does (UsageError naming the keys). Throws IoError where a
// checkpoint cannot be read now.
RunPlace choose_place(const Job& job, const std::string& run_dir, const std::optional<std::string>& resume);

// Where the run that wrote it stood; nothing of "". Throws DataError.
std::optional<std::int64_t> step_of_checkpoint(const std::string& path);

}  // namespace tlaunch
