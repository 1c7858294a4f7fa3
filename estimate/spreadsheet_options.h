// Turns the options of `tlaunch estimate` without a config from text into figures. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "estimate/spreadsheet.h"

namespace tlaunch {

// The options as on the command line; "" or nothing: not given.
struct FigureOptions {
  std::string throughput, step_time;  // 54-72kimg/h, 6.8steps/s; 145ms
  std::string kimg, epochs;           // lists of horizons
  std::string phases;                 // list of kimg: divides the run
  std::optional<std::int64_t> steps, done, since_step, steps_per_epoch;
  std::string elapsed, start_up;                  // of this session
  std::string checkpoint_size, checkpoint_every;  // 6.9GB; 50kimg
  std::int64_t save_top_k = -1, every_n_epochs = 1;
  bool save_last = false;
  std::string base_size, data_size, other_size, log_size;  // log_size: per epoch

  bool any() const;  // whether any figure is given
};

// `deadline`: "" for none. Throws UsageError if a text is not a figure, or two figures repeat or contradict each other.
Figures figures_from(const FigureOptions& options, const std::string& deadline);

}  // namespace tlaunch
