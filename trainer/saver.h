// The checkpoints of a run. All ranks own one and call it alike; rank 0 decides and writes.
//
// The training thread pays for a copy of the state; checksums, writing and deleting happen in one other thread, at most
// one save at a time (a second one waits: `wait_s` of its event). A save that fails is told at the next step and
// training goes on with the files there are; after three in a row the run ends (IoError, exit 74).
#pragma once

#include <chrono>
#include <future>
#include <optional>
#include <string>

#include "checkpoint/checkpoint_folder.h"
#include "checkpoint/disk_need.h"
#include "core/error.h"
#include "core/name_template.h"
#include "trainer/train_state.h"
#include "worker/recorder.h"

namespace tlaunch {

class Saver {
 public:
  Saver(const WorkerContext& context, const RunConfig& config, const Group& group, Recorder& recorder);
  ~Saver();
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  // Where the state lies now, and what will be written (`work`, saves among it): is there room? Rank 0 throws
  // UsageError where not. Tells `checkpoint_bytes` and `disk_bytes` for the start event, and the policy that was taken
  // where it is not the config's.
  void prepare(const NamedTensors& tensors, const Metadata& metadata, const LogWork& work, bool fit_disk,
               StartEvent& told);

  // Runs the copying of a save, in all ranks together; false: it found no memory.
  using TakeCopies = std::function<bool(const std::function<void()>& copy)>;

  // Nothing where the policy would not keep it. False where `take` gave up: nothing is written.
  bool save(Job& job, TrainStep& step, const Progress& progress, const RunIdentity& identity, const TakeCopies& take);
  // After each step: what has become of the one under way.
  void poll();
  // The newest is kept from now on, whatever the policy: nothing else tells where a run that is stopped stood.
  void keep_newest();
  // Waits for it; a last save that failed is tried again. Throws IoError.
  void finish();
  // The newest whole checkpoint, on all ranks; waits for the one under way. "" where there is none.
  std::string newest();

 private:
  using Clock = std::chrono::steady_clock;
  struct UnderWay {
    std::string name;
    Metadata metadata;
    std::int64_t step = 0, epoch = 0;
    double copy_s = 0, wait_s = 0;  // what the training thread paid
    Clock::time_point start;
  };

  bool writes() const { return context_.is_main() && !dir_.empty(); }
  void start_writing();
  void take_result();  // of future_, which is ready or is waited for
  void tell_failure(const IoError& error);
  std::string name_at(const Progress& progress, std::int64_t epoch) const;

  const WorkerContext& context_;
  const Group& group_;
  Recorder& recorder_;
  std::string dir_;  // "": nothing is saved
  RetentionPolicy policy_;
  NameTemplate file_name_;
  bool async_;
  std::uint64_t min_free_bytes_;
  std::uint64_t checkpoint_bytes_ = 0;  // of one, as prepare() has measured it
  std::optional<CheckpointFolder> folder_;
  TensorSnapshot snapshot_;
  UnderWay under_way_;
  std::future<SaveResult> future_;  // valid while one is under way
  int failures_ = 0;                // in a row
};

}  // namespace tlaunch
