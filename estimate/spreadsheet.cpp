#include "estimate/spreadsheet.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

namespace tlaunch {
namespace {

constexpr int data_factors[] = {1, 2, 4, 10};

TimeRange time_of_steps(const Range& step_time_s, double steps) {
  return {steps * step_time_s.low, steps * step_time_s.middle(), steps * step_time_s.high};
}

// `saves`: with the given settings; `all_saves`: with a save per epoch.
std::optional<DiskFigures> disk_of(const Figures& figures, std::int64_t saves, std::int64_t all_saves,
                                   std::int64_t epochs) {
  if (!figures.checkpoint_bytes) return std::nullopt;
  const std::uint64_t bytes = *figures.checkpoint_bytes;
  DiskFigures disk;
  disk.kept = checkpoints_kept({bytes, figures.save_top_k, figures.save_last}, saves);
  disk.all = checkpoints_kept({bytes, -1, false}, all_saves);
  disk.advice = advised_policy(epochs);
  disk.advised = checkpoints_kept({bytes, disk.advice.save_top_k, disk.advice.save_last},
                                  std::max<std::int64_t>(1, all_saves / disk.advice.every_n_epochs));
  disk.least = checkpoints_kept({bytes, 0, true}, all_saves);
  disk.other_bytes = other_bytes(figures.others, epochs);
  return disk;
}

Horizon horizon_of_samples(const Figures& figures, double samples) {
  Horizon horizon;
  horizon.label = kimg_text(samples);
  horizon.time = time_at(samples, *figures.samples_per_s);
  if (const auto& every = figures.samples_per_save) {
    const auto saves = static_cast<std::int64_t>(samples / *every);
    horizon.saves = SaveSpacing{saves, time_at(*every, *figures.samples_per_s)};
    horizon.disk = disk_of(figures, saves, saves, 0);
  }
  return horizon;
}

Horizon horizon_of_epochs(const Figures& figures, std::int64_t epochs) {
  Horizon horizon;
  horizon.label = format_number_of(epochs, "epoch");
  if (figures.steps_per_epoch && figures.step_time_s) {
    const double steps = static_cast<double>(*figures.steps_per_epoch) * static_cast<double>(epochs);
    horizon.time = time_of_steps(*figures.step_time_s, steps);
    for (const int factor : data_factors)
      horizon.more_data.emplace_back(factor, time_of_steps(*figures.step_time_s, steps * factor));
  }
  const std::int64_t saves = epochs / figures.every_n_epochs;
  horizon.saves = SaveSpacing{saves, {}};
  if (horizon.time && saves > 0) horizon.saves->interval = *horizon.time / static_cast<double>(saves);
  horizon.disk = disk_of(figures, saves, epochs, epochs);
  if (!horizon.time && !horizon.disk)
    throw UsageError("--epochs needs --checkpoint-size for disk, or --steps-per-epoch with --step-time for time");
  return horizon;
}

void add_remaining(Spreadsheet& sheet, const Figures& figures) {
  if (!figures.steps) return;
  if (!figures.step_time_s)
    throw UsageError(
        "--steps needs a pace: --step-time 145ms, --throughput 6.8steps/s, or --elapsed T with --since-step N");
  if (figures.done_steps > *figures.steps)
    throw UsageError(format_text("--done {} is more than --steps {}", figures.done_steps, *figures.steps));
  sheet.remaining_steps = *figures.steps - figures.done_steps;
  sheet.remaining = time_of_steps(*figures.step_time_s, static_cast<double>(*sheet.remaining_steps));
}

void add_deadline(Spreadsheet& sheet, double deadline_s) {
  sheet.deadline_s = deadline_s;
  const auto time = sheet.remaining ? sheet.remaining : sheet.horizons.back().time;
  if (!time) throw UsageError("--deadline needs a time: give --throughput or --step-time with the horizons");
  sheet.rules = towards_deadline(*time, deadline_s);
  sheet.least_s = least_s_with_all(*time);
}

}  // namespace

Spreadsheet fill_in(const Figures& figures) {
  Spreadsheet sheet;
  sheet.step_time_s = figures.step_time_s;
  if (!figures.samples_per_s && !(figures.samples.empty() && figures.phase_ends.empty()))
    throw UsageError("--kimg needs --throughput in samples, such as 54-72kimg/h");
  for (const double samples : figures.samples) sheet.horizons.push_back(horizon_of_samples(figures, samples));
  if (!figures.phase_ends.empty()) sheet.phases = phases_at(figures.phase_ends, *figures.samples_per_s);
  for (const std::int64_t epochs : figures.epochs) sheet.horizons.push_back(horizon_of_epochs(figures, epochs));
  add_remaining(sheet, figures);
  if (sheet.horizons.empty() && !sheet.remaining)
    throw UsageError(
        "estimate needs a horizon: --kimg LIST, --epochs LIST or --steps N  (see tlaunch estimate --help)");
  if (figures.deadline_s) add_deadline(sheet, *figures.deadline_s);
  return sheet;
}

}  // namespace tlaunch
