// Identifies a run's data, wherever they are stored. A checkpoint carries this, and a resume with other data is
// refused. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace tlaunch {

struct DataIdentity {
  std::int64_t train_samples = 0, val_samples = 0;  // 0: unknown
  // Checksums of the content, 8 hex digits: of the training samples, and of all evaluation data. "": unknown.
  std::string train, evaluation;
  bool operator==(const DataIdentity&) const = default;
};

// {"train_samples", "val_samples", "train", "evaluation"}
Json to_json(const DataIdentity&);
// A field that is missing or has another type is unknown.
DataIdentity data_identity_from_json(const Json&);

// "the training data differ: 400 samples with checksum 1a2b3c4d in the checkpoint, 380 samples with checksum 5e6f7a8b
// now"; "" if no field that both know differs.
std::string data_difference(const DataIdentity& saved, const DataIdentity& now);

}  // namespace tlaunch
