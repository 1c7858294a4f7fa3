// TrainState: all that a run needs to go on exactly where it stopped, and its way to and from a checkpoint file.
// In the file: model tensors under their plain names, everything else under the prefix "tlaunch.": optimizer tensors
// ("tlaunch.optimizer.<name>"), every rank's generator state ("tlaunch.rng.<rank>"), and JSON in the metadata
// ("tlaunch.state", "tlaunch.step", "tlaunch.epoch", "tlaunch.metrics").
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "checkpoint/safetensors.h"
#include "trainer/ddp.h"
#include "trainer/tensor_file.h"
#include "trainer/train_step.h"
#include "trainer/training_setup.h"
#include "worker/save_thread.h"

namespace tlaunch {

// Where a run stands between two steps.
struct Position {
  std::int64_t step = 0;                       // optimizer steps done
  std::map<std::string, double> metrics = {};  // of the latest evaluation, and of the detection at the end
  std::optional<double> best_val_loss = {};
  std::int64_t evaluations_without_improvement = 0;
  bool evaluation_due = false;       // it was to come after this step, but the run was told to stop
  std::int64_t evaluated_step = -1;  // the step after which `metrics` were found; -1: none yet
  std::int64_t detected_step = -1;   // the same of the detection
  std::int64_t rollbacks = 0;        // so often was the learning rate halved (train.on_nan: rollback)
};

// What the rollbacks have left of the learning rate.
inline double learning_rate_factor(const Position& position) {
  return std::ldexp(1.0, -static_cast<int>(position.rollbacks));
}

struct RunIdentity {
  // What must be equal for a resume to continue the same order of samples.
  std::int64_t seed = 0, train_samples = 0, effective_batch_size = 0, steps_per_epoch = 0;
  // For the launcher (checkpoint/run_terms.h), which compares them with the config of the run that goes on.
  std::int64_t world_size = 1;
  std::string device = "cpu";  // or cuda
  std::map<std::string, std::string> settings = {};
  DataIdentity data = {};
};

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
