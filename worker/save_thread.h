// Saves named byte ranges as checkpoints, in a separate thread, and deletes those that the policy no longer retains.
//
// The caller pays for a copy of its state; checksums, writing and deleting happen in the other thread, one save at a
// time. The next poll() reports a failed save, and existing files stay; after three failures in a row the run ends
// (IoError, exit code 74). Only rank 0 has a SaveThread; one thread calls it.
//
//   SaveThread saver(environment, config.checkpoint, recorder);
//   saver.prepare(views, point, work, fit_disk, facts);        // before the first step
//   if (saver.begin(step, metrics)) saver.write(point, views);  // views of copies that do not change
//   saver.poll();                                               // after each step
//   saver.finish();                                             // at the end
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/name_template.h"
#include "checkpoint/folder/checkpoint_folder.h"
#include "checkpoint/folder/disk_need.h"
#include "worker/recorder.h"

namespace tlaunch {

// Where a run stands when it is saved, and what it stores beside its tensors.
struct SavePoint {
  std::int64_t step = 0, epoch = 0;
  std::map<std::string, double> metrics = {};  // of the latest evaluation: for the policy and for the file's name
  Metadata metadata = {};                      // the caller's own
};

// All metadata of its checkpoint: the caller's own, and the keys of checkpoint/folder/catalog.h except tlaunch.state.
Metadata metadata_of(const SavePoint& point);

class SaveThread {
 public:
  // The folder for checkpoints; "": there is none, and no SaveThread is needed.
  static std::string folder(const WorkerEnvironment& environment, const CheckpointConfig& config);

  // Makes the folder if it is missing. Throws UsageError if it cannot be written. `environment`, `recorder` and `calls`
  // live longer.
  SaveThread(const WorkerEnvironment& environment, const CheckpointConfig& config, Recorder& recorder,
             FileCalls& calls = system_calls());
  ~SaveThread();  // waits for the running save, which reads the caller's memory
  SaveThread(const SaveThread&) = delete;
  SaveThread& operator=(const SaveThread&) = delete;

  // Checks that there is room for what the run will write (`work`, including saves); throws UsageError if there is not.
  // `views` and `point`: of the size that saves will have. Sets `checkpoint_bytes` and `disk_bytes` of `facts`, and the
  // policy if `fit_disk` made it choose another one than the config's.
  void prepare(const std::vector<TensorView>& views, const SavePoint& point, const LogWork& work, bool fit_disk,
               StartEvent& facts);

  // Begins a save: waits for the running one, whose memory is the caller's again afterwards. Returns false if the
  // policy would not retain this checkpoint, which then need not be written. Throws IoError.
  bool begin(std::int64_t step, const std::map<std::string, double>& metrics);
  // After begin(): writes `views`, whose bytes must not change until the save has ended (the next begin(), finish()).
  // `wait_for_bytes`, called in the other thread, returns when the bytes are ready; empty: they are ready now. Without
  // checkpoint.async the save has ended when this returns. Throws IoError.
  void write(SavePoint point, std::vector<TensorView> views, std::function<void()> wait_for_bytes = {});
  // Reports the running save if it has ended. Throws IoError.
  void poll();

  // Retains the newest checkpoint from now on, whatever the policy: a run that is stopped resumes from it.
  void keep_newest();
  // Waits for the running save; tries it again if it failed. Throws IoError.
  void finish();
  // Waits for the running save and returns the newest valid checkpoint of the run; "" if there is none. Throws IoError.
  std::string newest();

 private:
  struct UnderWay {
    SavePoint point;
    std::string name;  // of the file, without .safetensors
    std::vector<TensorView> views;
    std::function<void()> wait_for_bytes;
    double start_s = 0, wait_s = 0, copy_s = 0;  // by monotonic_s(); the training thread paid the last two
  };

  std::string name_at(const SavePoint& point) const;
  SaveResult save();
  void start();
  void take_result();  // of future_; waits for it
  void report(const SaveResult& result);
  void report_failure(const IoError& error);

  const WorkerEnvironment& environment_;
  Recorder& recorder_;
  std::string dir_;
  RetentionPolicy policy_;
  NameTemplate file_name_;
  bool async_;
  std::uint64_t min_free_bytes_;
  std::uint64_t checkpoint_bytes_ = 0;  // of one checkpoint, as prepare() measured it
  CheckpointFolder folder_;             // belongs to the other thread while a save runs
  UnderWay under_way_;
  std::future<SaveResult> future_;  // valid while a save runs
  int failures_ = 0;                // in a row
};

}  // namespace tlaunch
