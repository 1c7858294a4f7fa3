// What a run's data are, wherever they lie: a checkpoint carries it, and a resume with other data is refused. Plain
// values.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace tlaunch {

struct DataIdentity {
  std::int64_t train_samples = 0, val_samples = 0;  // 0: not known
  // Checksums of the content in 8 hex digits: of the training samples, and of all that is evaluated on. "": not known.
  std::string train, evaluation;
  bool operator==(const DataIdentity&) const = default;
};

// {"train_samples", "val_samples", "train", "evaluation"}
Json to_json(const DataIdentity&);
// What is absent, or of another kind, is not known.
DataIdentity data_identity_from_json(const Json&);

// "the training data differ: 400 samples with checksum 1a2b3c4d there, 380 with 5e6f7a8b here"; "" where nothing that
// both know differs.
std::string data_difference(const DataIdentity& saved, const DataIdentity& now);

}  // namespace tlaunch
