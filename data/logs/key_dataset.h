// Log-key sessions as a data set: a sample is a window of keys and the key that follows it. Only the keys and the
// position of each window are stored, never the windows themselves.
#pragma once

#include <optional>
#include <string>

#include "data/dataset.h"

namespace tlaunch {

// Every position of a session that has `window` keys before it is a target. Sessions without a target are left out. Of
// the others the fraction `val_fraction`, at least one, goes to Split::val: those whose number (their place in
// `sessions`, from 0) has the smallest splitmix64, so that the split depends neither on the run's seed nor on the
// machine.
class KeyDataset : public Dataset {
 public:
  // `sessions`: keys in 0..num_keys-1. `source` names them in the DataError that is thrown if fewer than two are long
  // enough.
  KeyDataset(SessionSet sessions, std::int64_t num_keys, std::int64_t window, double val_fraction,
             std::optional<SessionTests> tests, const std::string& source);

  SampleShape shape() const override { return {.kind = "keys", .window = window_, .num_classes = num_keys_}; }
  std::int64_t size(Split split) const override { return static_cast<std::int64_t>(starts(split).size()); }
  std::string checksum(Split split) const override;
  Batch collate(Split split, std::span<const std::int64_t> indices, const AugmentKey* augment) const override;
  torch::Tensor prepare(const torch::Tensor& input, torch::Dtype) const override { return input; }
  const SessionTests* session_tests() const override { return tests_ ? &*tests_ : nullptr; }

 private:
  const std::vector<std::int64_t>& starts(Split split) const {
    return split == Split::train ? train_starts_ : val_starts_;
  }

  std::vector<std::int32_t> keys_;
  std::vector<std::int64_t> train_starts_, val_starts_;  // where in keys_ each window begins
  std::int64_t num_keys_, window_;
  std::optional<SessionTests> tests_;
};

// The option that both log data sets have.
OptionSpec val_fraction_option();

}  // namespace tlaunch
