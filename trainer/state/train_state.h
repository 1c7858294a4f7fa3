// TrainState: everything that a run needs to continue exactly where it stopped, and its form in a checkpoint file.
// In the file: model tensors under their plain names, everything else under the prefix "tlaunch.": optimizer tensors
// ("tlaunch.optimizer.<name>"), every rank's generator state ("tlaunch.rng.<rank>"), and JSON in the metadata
// ("tlaunch.state", "tlaunch.step", "tlaunch.epoch", "tlaunch.metrics").
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "checkpoint/safetensors/safetensors.h"
#include "trainer/ranks/ddp.h"
#include "trainer/setup/training_setup.h"
#include "trainer/state/tensor_file.h"
#include "trainer/step/train_step.h"
#include "worker/position.h"
#include "worker/run_identity.h"
#include "worker/save_thread.h"

namespace tlaunch {

// Whether the launcher has just read all of a file and compared it with its checksums.
enum class Contents { unread, verified };

// A checkpoint file, opened and verified, with its JSON read. Making one does not change the model.
class SavedState {
 public:
  // Throws DataError if the file is damaged or not a checkpoint of tlaunch.
  explicit SavedState(const std::string& path, Contents contents = Contents::unread);
  const Position& position() const { return position_; }
  const BucketAssignment& buckets() const { return buckets_; }
  // Throws DataError if the run has other data, and UsageError that names any other difference.
  void check(const RunIdentity& identity) const;
  // Throws DataError if the file's tensors are not those of this model and optimizer. Reads no data.
  void check_fit(TrainingSetup& setup, Optimizer& optimizer) const;
  // Restores model, optimizer, scaler and this rank's generator. Every name, shape and dtype is checked before the
  // first tensor changes. A rank that the saved run did not have, or that was on another kind of device there, keeps
  // the generator it was seeded with.
  void restore(TrainingSetup& setup, TrainStep& step, int rank) const;
  // A note for the user if restore() does not restore the generator because it is another kind of device's; else "".
  std::string generator_note(const torch::Device& device, int rank) const;

 private:
  enum class Generator { absent, fits, other_device };
  Generator generator(const torch::Device& device, int rank) const;

  SafetensorsFile file_;
  Position position_;
  RunIdentity identity_;
  BucketAssignment buckets_;
  Json scaler_;
};

// All tensors that a save writes, as they are now: model, optimizer, and the generator of each rank. All ranks call it
// (generator states are gathered, buffers taken from rank 0).
NamedTensors saved_tensors(TrainingSetup& setup, TrainStep& step, const Ranks& ranks);
// Tensors of the same names and sizes for `ranks` ranks, without asking the others, to measure a save.
NamedTensors measured_tensors(TrainingSetup& setup, TrainStep& step, int ranks);
// The rest of the state. All ranks call it (they agree on the next step's buckets).
SavePoint save_point(TrainStep& step, const Position& position, const RunIdentity& identity);

// Loads only the model's tensors, from any safetensors file: for model.weights and `evaluate`. Names, shapes and dtypes
// must be equal (entries under "tlaunch." are ignored, and names_in_file() removes prefixes). They are checked before
// the first tensor changes; throws DataError. Returns a note for the user on removed prefixes; "" if there were none.
std::string load_weights(const SafetensorsFile& file, TrainingSetup& setup);
// The same for model.weights if it names a file; else the model keeps the weights that come from the seed.
std::string load_first_weights(const RunConfig& config, TrainingSetup& setup);

}  // namespace tlaunch
