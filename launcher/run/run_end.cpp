#include "launcher/run/run_end.h"

#include "base/error.h"
#include "base/text.h"
#include "launcher/narration/results.h"

namespace tlaunch {

bool FolderWatch::check() {
  const std::string now = folder_.place_now();
  if (now == folder_.path()) return true;
  if (told_) return false;
  told_ = true;
  progress_.line(
      now.empty() ? format_text("warning: the run folder {} was removed during the run. The files in it are lost; new "
                                "checkpoints are saved there again",
                                folder_.path())
                  : format_text("warning: the run folder {} was moved to {} during the run. New files go to the old "
                                "place; move the folder back, or look for them there",
                                folder_.path(), now));
  return false;
}

void add_incomplete_logs(RunSummary& summary, const GroupResult& group) {
  const std::string folder = summary.run_dir + "/";
  for (const std::string& path : group.incomplete_logs)
    summary.incomplete_logs.insert(path.starts_with(folder) ? path.substr(folder.size()) : path);
}

void keep_summary(RunSummary& summary, const RunFolder& folder, FolderWatch& watch, EventLog& log, Progress& progress) {
  if (log.lacks_lines()) summary.incomplete_logs.insert("events.jsonl");
  const auto fail = [&] {
    if (summary.exit_code == exit_code::ok) summary.exit_code = exit_code::io;
  };
  if (!watch.check()) {
    fail();
    if (const std::string now = folder.place_now(); !now.empty()) summary.run_dir = now;
  }
  try {
    write_summary(summary);
  } catch (const Error& error) {
    fail();
    progress.line(format_text("warning: could not save the summary: {}", error.what()));
  }
}

int tell_end(const RunSummary& summary, const std::vector<std::string>& lines, bool json, Progress& progress) {
  for (const std::string& line : lines) progress.line(line);
  return json ? print_results(text_of(to_json(summary), 2) + "\n", summary.exit_code) : summary.exit_code;
}

}  // namespace tlaunch
