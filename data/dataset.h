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
  // `input` of a batch, already on its device, made ready for the model: images to `dtype`, scaled and normalised; keys
  // as they are.
  virtual torch::Tensor prepare(const torch::Tensor& input, torch::Dtype dtype) const = 0;
  // Of the content, wherever it lies, as crc32c_text() writes it: a resume with other data is refused. Split::val: of
  // all that is evaluated on. "": the number of samples is all that is compared.
  virtual std::string checksum(Split) const { return ""; }
  // Labelled test sessions for detection; nullptr where the data set has none.
  virtual const SessionTests* session_tests() const { return nullptr; }
};

// The registry: built-in data sets are there from the start; a user's worker adds its own before worker_main.
// `model_options` are the chosen model's: a log data set takes its window from them.
using DatasetFactory = std::unique_ptr<Dataset> (*)(const DataConfig& data, const Options& model_options);
// Throws std::logic_error on a second data set of the same name.
void register_dataset(DatasetDescription description, DatasetFactory factory);
std::vector<DatasetDescription> dataset_descriptions();
// Pure. What a checkpoint says about its data.
DataIdentity data_identity(const Dataset& dataset);
// Throws DataError (file, offset) where files are absent or bad. The config has passed validation.
std::unique_ptr<Dataset> make_dataset(const DataConfig& data, const Options& model_options);

}  // namespace tlaunch
