#include "tuning/search/memory_model.h"

#include <algorithm>

#include "base/text.h"

namespace tlaunch {

bool MemoryModel::is_of(const TrialSettings& settings) const {
  auto mode = measured_in;
  mode.micro_batch = settings.micro_batch;
  mode.accumulation = settings.accumulation;
  mode.threads = settings.threads;  // fewer threads than in the line's trials never take more memory
  return mode == settings;
}

std::int64_t MemoryModel::largest_that_fits(const Lab& lab) const {
  std::int64_t largest = 0;
  for (const auto& candidate : candidates) {
    const bool failed = failed_from > 0 && candidate.micro_batch >= failed_from;
    const bool too_large = line && !lab.within_memory(line->peak_bytes(candidate.micro_batch));
    if (!failed && !too_large) largest = candidate.micro_batch;
  }
  return largest;
}

void MemoryModel::predict(const Lab& lab, std::int64_t micro_batch) {
  if (!line) return;
  predicted_peak_bytes = line->peak_bytes(micro_batch);
  lab.announce(micro_batch, predicted_peak_bytes);
}

std::optional<MemoryPoint> MemoryModel::record(Lab& lab, std::int64_t micro_batch, const TrialResult& result) {
  const auto does_not_fit = [&] { failed_from = failed_from == 0 ? micro_batch : std::min(failed_from, micro_batch); };
  if (result.outcome == TrialOutcome::ok) {
    points.push_back({micro_batch, result.peak_bytes});
    if (!lab.within_memory(result.peak_bytes)) does_not_fit();
    return points.back();
  }
  if (result.outcome != TrialOutcome::interrupted) does_not_fit();
  if (result.outcome == TrialOutcome::crashed || result.outcome == TrialOutcome::hung)
    lab.note(format_text("a trial with micro-batch {} {}{}", micro_batch, to_string(result.outcome),
                         result.message.empty() ? "" : ": " + result.message));
  return std::nullopt;
}

}  // namespace tlaunch
