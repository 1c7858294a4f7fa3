// A run's folder: made, locked, asked what it holds, and given its first files.
//
//   <run_root>/<name>/<YYYYmmdd-HHMMSS>-<4 hex>/  with  <run_root>/<name>/latest -> the newest      (or --run-dir DIR)
//
// The lock is a flock on the folder itself: it goes with the last process that holds it (the launcher and its guard),
// however they end, and leaves no file behind.
#pragma once

#include <string>

#include "base/file_calls.h"
#include "base/json.h"

namespace tlaunch {

struct Job;

// Whether others that use it beside us may hold the folder at the same time; one that holds it alone never may.
enum class FolderUse { alone, beside };

class RunFolder {
 public:
  // Makes (with its parents) and locks `path`. Throws UsageError where another launcher holds it, IoError where it
  // cannot be made. `patience_s`: how long a lock is waited for (a killed launcher's guard needs a moment).
  RunFolder(const std::string& path, double patience_s, FolderUse use = FolderUse::alone);
  ~RunFolder();  // removes the folder where it was made here and nothing was written to it
  RunFolder(RunFolder&& other) noexcept;
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::string& path() const { return path_; }  // absolute, without a slash at its end
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  // Where the folder stands by now: path(), or where somebody moved it; "" where it was removed.
  std::string place_now() const;
  bool holds_run() const;           // config.yaml, events.jsonl or a checkpoint stands in it
  bool holds_training_run() const;  // what no plain program leaves: events.jsonl or plan.json
  // Whether files that a run would write stand there, and no training run has made them.
  bool holds_foreign_files() const;
  int next_attempt() const;                        // one more than the newest logs/attempt_N; 0 in a new folder
  std::string make_log_folder(int attempt) const;  // logs/attempt_N
  std::uint64_t log_bytes() const;                 // of all its files but the checkpoints

 private:
  bool holds(const char* name) const;  // throws IoError where that cannot be told
  bool is_file(const char* name) const;

  std::string path_;
  bool made_ = false;  // the last part of path_, by us
  int lock_fd_ = -1;
};

// A name for a new run's folder below `run_root`/`name`, from the clock and four random hex digits. Absolute.
std::string new_run_path(const std::string& run_root, const std::string& name);

// The folder `run_root`/`name`/latest points to, absolute. Without that link (a disk may have none): of the folders
// that new_run_path() has named the newest that holds a training run. "" where there is none. Throws IoError where that
// cannot be told (permissions).
std::string latest_run_path(const std::string& run_root, const std::string& name);

// Lets <folder's parent>/latest point to it, in one step for any reader. Throws IoError where the disk has no symbolic
// links, or where `latest` is something else: that is left alone.
void point_latest_to(const std::string& run_path, FileCalls& calls = system_calls());

// What a run's folder holds from its start. config.yaml is the config as asked for: every key, `auto` where tuning
// decides. By itself it starts the same run again from any folder: it has the number of ranks that the run had, and no
// relative path. plan.json says what each `auto` became.
struct RunFiles {
  std::string config_path, plan_path;
};

// The plan, and as "placement" the cards and cores of each rank (hardware/placement.h).
Json plan_json(const Job& job);

// Writes both atomically. Throws IoError.
RunFiles write_run_files(const Job& job, const RunFolder& folder);

}  // namespace tlaunch
