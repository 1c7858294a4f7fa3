// TrainState: all that a run needs to go on exactly where it stopped, and its way to and from a checkpoint file.
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

// Whether all of a file was read and compared with its checksums just now, by the launcher.
enum class Contents { unread, verified };

// The file at rest: opened, verified, its JSON read. Nothing of the model has changed yet.
class SavedState {
 public:
  // Throws DataError where the file is damaged or no checkpoint of ours.
  explicit SavedState(const std::string& path, Contents contents = Contents::unread);
  const Position& position() const { return position_; }
  const BucketAssignment& buckets() const { return buckets_; }
  // Throws DataError for other data, and UsageError that names what else differs.
  void check(const RunIdentity& identity) const;
  // Throws DataError where the file's tensors are not those of this model and optimizer. Reads no data.
  void check_fit(TrainingSetup& setup, Optimizer& optimizer) const;
  // Model, optimizer, scaler and this rank's generator. Every name, shape and dtype is checked before the first tensor
  // changes. A rank that the saved run did not have, or that is on another kind of device than it was there, keeps the
  // generator it was seeded with.
  void restore(TrainingSetup& setup, TrainStep& step, int rank) const;
  // What to tell where restore() leaves a generator because it is another kind of device's; else "".
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
// The same in name and size for `ranks` ranks, without asking the others: what a save will take.
NamedTensors measured_tensors(TrainingSetup& setup, TrainStep& step, int ranks);
// The rest of the state. All ranks call it (the next step's buckets are agreed on).
SavePoint save_point(TrainStep& step, const Position& position, const RunIdentity& identity);

// Model tensors alone, from any safetensors file: for model.weights and `evaluate`. Strict: the same names (entries
// under "tlaunch." are passed over, prefixes taken off by names_in_file()), shapes and dtypes, checked before the first
// tensor changes; throws DataError. Returns a note for the user on what was taken off; "" where nothing was.
std::string load_weights(const SafetensorsFile& file, TrainingSetup& setup);
// Those of model.weights, where it names a file; else the model keeps what the seed gave it.
std::string load_first_weights(const RunConfig& config, TrainingSetup& setup);

}  // namespace tlaunch
