// The end of a run, told and kept: summary.json, what is missing from its folder, the closing lines, --json.
#pragma once

#include <vector>

#include "launcher/narration/event_log.h"
#include "launcher/narration/progress.h"
#include "launcher/run/run_folder.h"
#include "launcher/run/summary.h"

namespace tlaunch {

// Tells once where the folder of a run at work was moved or removed.
class FolderWatch {
 public:
  explicit FolderWatch(const RunFolder& folder, Progress& progress) : folder_(folder), progress_(progress) {}
  // False where it is no longer at its place.
  bool check();

 private:
  const RunFolder& folder_;
  Progress& progress_;
  bool told_ = false;
};

// What the ranks' logs lack.
void add_incomplete_logs(RunSummary& summary, const GroupResult& group);

// Writes summary.json, whatever else is wrong: a file that cannot be written is told, and makes 74 of an exit code that
// was 0. Sets `summary`'s exit_code, incomplete_logs and run_dir to what is true by now.
void keep_summary(RunSummary& summary, const RunFolder& folder, FolderWatch& watch, EventLog& log, Progress& progress);

// Tells `lines`, prints the summary where --json asks for it, and returns the exit code.
int tell_end(const RunSummary& summary, const std::vector<std::string>& lines, bool json, Progress& progress);

}  // namespace tlaunch
