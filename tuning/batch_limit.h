// The prior's table: how large a micro-batch may be before anything is measured (docs/tuning.md shows the table with
// its sources). The prior must not run out of memory, so the table has the lower end of what teams use; tuning may
// raise it. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "hardware/profile.h"

namespace tlaunch {

// The row of a card: its tier, or a lower one if the card has less memory than the tier's row expects (8 GB versions).
std::string batch_table_row(const GpuInfo& gpu);

struct BatchLimit {
  std::int64_t micro_batch = 0;
  std::string column;  // for messages: "images of up to 64 px", "key windows"
};

// `row`: "cpu" or a tier. `image_side_px`: the longer side of a sample, for images only. Kinds other than image and
// keys (of a user's worker) get the cautious column of 224 px.
BatchLimit batch_limit(const std::string& row, const std::string& sample_kind, std::int64_t image_side_px);

}  // namespace tlaunch
