// The checkpoints of a run, over all its ranks: rank 0 copies the state and owns the thread that writes it
// (worker/save_thread.h). All ranks own a Saver and call it alike.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "trainer/ranks/ranks.h"
#include "trainer/state/tensor_file.h"
#include "worker/save_thread.h"

namespace tlaunch {

class Saver {
 public:
  Saver(const WorkerContext& context, const CheckpointConfig& config, const Ranks& ranks, Recorder& recorder);

  // Is there room for what the run will write? SaveThread::prepare() in rank 0. `tensors`: on the CPU.
  void prepare(const NamedTensors& tensors, const SavePoint& point, const LogWork& work, bool fit_disk,
               StartEvent& facts);

  // A save: begin(), copy(), write(). The save under way has ended when begin() returns. False, in all ranks, where
  // nothing is to be saved now.
  bool begin(std::int64_t step, const std::map<std::string, double>& metrics);
  // No collective. Where memory does not suffice it may be called again.
  void copy(const NamedTensors& tensors);
  void write(SavePoint point);

  // As SaveThread's, in rank 0.
  void poll();
  void keep_newest();
  void finish();
  // The newest valid checkpoint, on all ranks; waits for the one under way. "" where there is none.
  std::string newest();

 private:
  const Ranks& ranks_;
  bool saves_;
  TensorSnapshot snapshot_;
  std::optional<SaveThread> thread_;  // rank 0's; last: it reads the snapshot until it has ended
};

}  // namespace tlaunch
