// A data set: samples by index, made into batches. Implementations are immutable after construction; every method is
// safe to call from several threads.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/data_identity.h"
#include "config/description.h"
#include "config/run_config.h"
#include "contract/sample_shape.h"

namespace tlaunch {

enum class Split { train, val };

// `input`: images uint8 [n, channels, height, width]; keys int64 [n, window] in 0..num_classes-1.
// `target`: int64 [n].
struct Batch {
  torch::Tensor input, target;
};

// Augmentation is a pure function of (seed, epoch, sample index): no generator, no state, the same whatever the number
// of ranks, threads or restarts.
struct AugmentKey {
  std::int64_t seed = 0, epoch = 0;
};

// Test sessions of a log data set, for detection: a session is one span of keys, -1 for a key never seen in training.
struct SessionSet {
  std::vector<std::int32_t> keys;     // all sessions, one after the other
  std::vector<std::int64_t> offsets;  // size() + 1 entries
  std::int64_t size() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::span<const std::int32_t> session(std::int64_t i) const {
    return {keys.data() + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
  }
};

struct SessionTests {
  SessionSet normal, abnormal;
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual SampleShape shape() const = 0;
  virtual std::int64_t size(Split split) const = 0;
  // Samples of `split` in the order of `indices` (each in 0..size-1), on the CPU. `augment` is null for evaluation.
  virtual Batch collate(Split split, std::span<const std::int64_t> indices, const AugmentKey* augment) const = 0;
  // Makes the `input` of a batch, which is on its device already, ready for the model: images are converted to `dtype`,
  // scaled and normalised; keys are returned unchanged.
  virtual torch::Tensor prepare(const torch::Tensor& input, torch::Dtype dtype) const = 0;
  // Checksum of the content, in the form of crc32c_text(); the same wherever the files lie. A resume with other data is
  // refused. Split::val covers all that is evaluated on. "": only the number of samples is compared.
  virtual std::string checksum(Split) const { return ""; }
  // Labelled test sessions for detection; nullptr if the data set has none.
  virtual const SessionTests* session_tests() const { return nullptr; }
};

// The registry: built-in data sets are there from the start; a user's worker registers its own before worker_main.
// `model_options` are those of the chosen model: a log data set takes its window from them.
using DatasetFactory = std::unique_ptr<Dataset> (*)(const DataConfig& data, const Options& model_options);
// Throws std::logic_error if a data set of that name exists.
void register_dataset(DatasetDescription description, DatasetFactory factory);
std::vector<DatasetDescription> dataset_descriptions();
// Pure. The description of the data that a checkpoint stores.
DataIdentity data_identity(const Dataset& dataset);
// Throws DataError (file, offset) if files are missing or invalid. The config must have passed validation.
std::unique_ptr<Dataset> make_dataset(const DataConfig& data, const Options& model_options);

}  // namespace tlaunch
