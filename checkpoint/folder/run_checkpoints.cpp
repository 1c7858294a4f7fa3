#include "checkpoint/folder/run_checkpoints.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/folder/written_files.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

bool lies_in(const fs::path& folder, const fs::path& in) {
  std::error_code error;
  const auto inner = fs::weakly_canonical(folder, error), outer = fs::weakly_canonical(in, error);
  if (error) return false;
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

bool all_are_own(const WrittenFiles& written, const std::string& run_dir, const std::string& checkpoint_dir) {
  const bool listed = !written.damaged() && !written.own().empty();
  return !listed && lies_in(checkpoint_dir, run_dir);
}

}  // namespace

ResumeChoice newest_of_run(const std::string& run_dir, const std::string& checkpoint_dir) {
  const WrittenFiles written(run_dir, checkpoint_dir);
  const std::string list = run_dir + "/checkpoints.txt";
  const bool all = all_are_own(written, run_dir, checkpoint_dir);
  const auto damaged = [&] {
    return IoError(format_text(
        "{} is damaged, and only this file lists which checkpoints in {} belong to this run. To continue from one of "
        "them, give --resume FILE and another --run-dir. To start from the beginning, delete {}",
        list, checkpoint_dir, list));
  };
  if (written.damaged() && !all) throw damaged();
  ResumeChoice choice =
      newest_valid(checkpoint_dir, [&](const std::string& path) { return all || written.owns(path); });
  if (!choice.path.empty() || !choice.skipped.empty()) return choice;
  if (written.damaged()) throw damaged();
  if (const auto lost = written.lost(); !lost.empty())
    throw IoError(format_text(
        "the run in {} has saved {}, but this file is not in {}: is a disk missing, or has checkpoint.dirpath changed? "
        "To start without the saved checkpoints, delete {}",
        run_dir, fs::path(lost.back()).filename().string(), checkpoint_dir, list));
  return choice;
}

std::optional<std::int64_t> newest_step_of_run(const std::string& run_dir, const std::string& checkpoint_dir) try {
  const WrittenFiles written(run_dir, checkpoint_dir);
  const bool all = all_are_own(written, run_dir, checkpoint_dir);
  for (const CheckpointInfo& info : list_checkpoints(checkpoint_dir))
    if (info.valid && (all || written.owns(info.path))) return info.step;
  return std::nullopt;
} catch (const Error&) {
  return std::nullopt;
}

}  // namespace tlaunch
