// A run's folder: made, locked, asked what it holds, and given its first files.
//
//   <run_root>/<name>/<YYYYmmdd-HHMMSS>-<4 hex>/  with  <run_root>/<name>/latest -> the newest      (or --run-dir DIR)
//
// The lock is a flock on the folder itself. It ends with the last process that holds it (the launcher and its guard),
// however they end, and leaves no file behind.
#pragma once

#include <string>

#include "base/file_calls.h"
#include "base/json.h"

namespace tlaunch {

struct Job;

// alone: no other process may use the folder at the same time; beside: others that also use it `beside` may.
enum class FolderUse { alone, beside };

class RunFolder {
 public:
  // Makes `path` with its parents and locks it. Throws UsageError if another launcher uses it, IoError if it cannot be
  // made. `patience_s`: time to wait for the lock (the guard of a killed launcher needs a moment).
  RunFolder(const std::string& path, double patience_s, FolderUse use = FolderUse::alone);
  ~RunFolder();  // removes the folder if it was made here and is empty
  RunFolder(RunFolder&& other) noexcept;
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::string& path() const { return path_; }  // absolute, without a slash at the end
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  // The present place of the folder: path(), or the place it was moved to; "" if it was removed.
  std::string place_now() const;
  bool holds_run() const;           // it has config.yaml, events.jsonl, summary.json or a checkpoint
  bool holds_training_run() const;  // it has events.jsonl or plan.json, which a plain program does not leave
  // Whether it has files that a run would overwrite and that are not from a training run.
  bool holds_foreign_files() const;
  int next_attempt() const;                        // one more than the newest logs/attempt_N; 0 in a new folder
  std::string make_log_folder(int attempt) const;  // logs/attempt_N
  std::uint64_t log_bytes() const;                 // of all files except the checkpoints

 private:
  bool holds(const char* name) const;  // throws IoError if that cannot be found out
  bool is_file(const char* name) const;

  std::string path_;
  bool made_ = false;  // the last part of path_ was made here
  int lock_fd_ = -1;
};

// A path for the folder of a new run below `run_root`/`name`, from the clock and four random hex digits. Absolute.
std::string new_run_path(const std::string& run_root, const std::string& name);

// The folder that `run_root`/`name`/latest points to, absolute. Without that link (a disk may not support links): the
// newest folder named by new_run_path() that has a training run. "" if there is none. Throws IoError if that cannot be
// found out (permissions).
std::string latest_run_path(const std::string& run_root, const std::string& name);

// Makes <parent of the folder>/latest point to it, atomically. Throws IoError if the disk does not support symbolic
// links, or if `latest` is not a link; then it is left alone.
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
