// Saves named byte ranges as checkpoints, in a thread of its own, and deletes what the policy no longer keeps.
//
// The caller pays for a copy of its state; checksums, writing and deleting happen in the other thread, one save at a
// time. A save that fails is reported by the next poll(), and the files there are stay; after three failures in a row
// the run ends (IoError, exit 74). Rank 0's alone; one thread calls it.
//
//   SaveThread saver(environment, config.checkpoint, recorder);
//   saver.prepare(views, point, work, fit_disk, facts);        // before the first step
//   if (saver.begin(step, metrics)) saver.write(point, views);  // the views: of copies that stay as they are
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

// All metadata of its checkpoint: the caller's own, and the keys of checkpoint/folder/catalog.h but for tlaunch.state.
Metadata metadata_of(const SavePoint& point);

class SaveThread {
 public:
  // Where checkpoints go; "": nowhere, and there is nothing to construct.
  static std::string folder(const WorkerEnvironment& environment, const CheckpointConfig& config);

  // Makes the folder where it is missing. Throws UsageError where it cannot be written. `environment`, `recorder` and
  // `calls` live longer.
  SaveThread(const WorkerEnvironment& environment, const CheckpointConfig& config, Recorder& recorder,
             FileCalls& calls = system_calls());
  ~SaveThread();  // waits for the save under way: it reads the caller's memory
  SaveThread(const SaveThread&) = delete;
  SaveThread& operator=(const SaveThread&) = delete;

  // Is there room for what the run will write (`work`, saves among it)? `views` and `point`: of the size that saves
  // will have. Throws UsageError where there is not. Sets `checkpoint_bytes` and `disk_bytes` of `facts`, and the
  // policy where `fit_disk` let it take another one than the config's.
  void prepare(const std::vector<TensorView>& views, const SavePoint& point, const LogWork& work, bool fit_disk,
               StartEvent& facts);

  // A save begins: waits for the one under way, whose memory is the caller's again afterwards. False where the policy
  // would not keep this one: it need not be made. Throws IoError.
  bool begin(std::int64_t step, const std::map<std::string, double>& metrics);
  // After begin(): writes `views`, whose bytes stay as they are until the save has ended (the next begin(), finish()).
  // `wait_for_bytes`, called in the other thread, returns when they are there; empty: they are now. Without
  // checkpoint.async it has ended when this returns. Throws IoError.
  void write(SavePoint point, std::vector<TensorView> views, std::function<void()> wait_for_bytes = {});
  // Reports the save under way if it has ended. Throws IoError.
  void poll();

  // The newest is kept from now on, whatever the policy: nothing else shows where a run that is stopped was.
  void keep_newest();
  // Waits for the save under way; a last one that failed is tried again. Throws IoError.
  void finish();
  // The newest valid checkpoint of the run, after the one under way; "" where there is none. Throws IoError.
  std::string newest();

 private:
  struct UnderWay {
    SavePoint point;
    std::string name;  // of the file, without .safetensors
    std::vector<TensorView> views;
    std::function<void()> wait_for_bytes;
    double start_s = 0, wait_s = 0, copy_s = 0;  // by monotonic_s(); the last two are what the training thread paid
  };

  std::string name_at(const SavePoint& point) const;
  SaveResult save();
  void start();
  void take_result();  // of future_, which is ready or is waited for
  void report(const SaveResult& result);
  void report_failure(const IoError& error);

  const WorkerEnvironment& environment_;
  Recorder& recorder_;
  std::string dir_;
  RetentionPolicy policy_;
  NameTemplate file_name_;
  bool async_;
  std::uint64_t min_free_bytes_;
  std::uint64_t checkpoint_bytes_ = 0;  // of one, as prepare() has measured it
  CheckpointFolder folder_;             // while a save is under way, the other thread's
  UnderWay under_way_;
  std::future<SaveResult> future_;  // valid while a save is under way
  int failures_ = 0;                // in a row
};

}  // namespace tlaunch
