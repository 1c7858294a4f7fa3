// The end of a run: summary.json, the list of incomplete files, the closing lines, --json.
#pragma once

#include <vector>

#include "launcher/narration/event_log.h"
#include "launcher/narration/progress.h"
#include "launcher/run/run_folder.h"
#include "launcher/run/summary.h"

namespace tlaunch {

// Warns once if the folder was moved or removed during the run.
class FolderWatch {
 public:
  explicit FolderWatch(const RunFolder& folder, Progress& progress) : folder_(folder), progress_(progress) {}
  // False if the folder is no longer at its place.
  bool check();

 private:
  const RunFolder& folder_;
  Progress& progress_;
  bool told_ = false;
};

// Adds the logs of the ranks that lack lines.
void add_incomplete_logs(RunSummary& summary, const GroupResult& group);

// Writes summary.json, whatever else has failed. If the file cannot be written, prints a warning and changes exit code
// 0 to 74. Updates exit_code, incomplete_logs and run_dir of `summary`.
void keep_summary(RunSummary& summary, const RunFolder& folder, FolderWatch& watch, EventLog& log, Progress& progress);

// Prints `lines`, and the summary if --json asks for it. Returns the exit code.
int tell_end(const RunSummary& summary, const std::vector<std::string>& lines, bool json, Progress& progress);

}  // namespace tlaunch
