// Saves checkpoints for all ranks of a run: rank 0 copies the state and owns the thread that writes it
// (worker/save_thread.h). Each rank has a Saver, and all make the same calls.
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

  // Checks the disk space for everything that the run will write: SaveThread::prepare() on rank 0. `tensors`: on the
  // CPU.
  void prepare(const NamedTensors& tensors, const SavePoint& point, const LogWork& work, bool fit_disk,
               StartEvent& facts);

  // A save is begin(), copy(), write(). When begin() returns, the save before it has ended. False, on all ranks, if
  // nothing is to be saved now.
  bool begin(std::int64_t step, const std::map<std::string, double>& metrics);
  // Not a collective. It may be called again if memory did not suffice.
  void copy(const NamedTensors& tensors);
  void write(SavePoint point);

  // The same as SaveThread's, on rank 0.
  void poll();
  void keep_newest();
  void finish();
  // The newest valid checkpoint, on all ranks; waits for a save under way. "" if there is none.
  std::string newest();

 private:
  const Ranks& ranks_;
  bool saves_;
  TensorSnapshot snapshot_;
  std::optional<SaveThread> thread_;  // on rank 0; declared last, because it reads the snapshot until it has ended
};

}  // namespace tlaunch
