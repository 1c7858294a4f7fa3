#include "estimate/figures_report.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/units.h"

namespace tlaunch {
namespace {

constexpr int data_factors[] = {1, 2, 4, 10};
// TensorBoard's 10 MB and a CSV's 0.2 MB an epoch, as measured in a fine-tuning run (sources E).
constexpr std::uint64_t log_bytes_an_epoch = 10'200'000;

std::string plain(double value) {
  return Json(value == std::floor(value) ? Json(std::llround(value)) : Json(value)).dump();
}

std::uint64_t bytes_or(const std::string& what, const std::string& text, std::uint64_t fallback) {
  return text.empty() ? fallback : parse_bytes(what, text);
}

class Report {
 public:
  explicit Report(const FigureOptions& options) : options_(options) {
    if (!options.throughput.empty()) rate_ = parse_rate("--throughput", options.throughput);
    if (!options.checkpoint_size.empty()) checkpoint_bytes_ = parse_bytes("--checkpoint-size", options.checkpoint_size);
    others_ = {bytes_or("--base-size", options.base_size, 0), bytes_or("--data-size", options.data_size, 0),
               bytes_or("--other-size", options.other_size, 0),
               bytes_or("--log-size", options.log_size, log_bytes_an_epoch)};
    if (options.save_top_k < -1)
      throw UsageError("--save-top-k " + std::to_string(options.save_top_k) + ": -1 (all) or more is needed");
    check_paces();
    find_step_time();
  }

  FiguresReport make() {
    add_kimg();
    add_epochs();
    add_remaining();
    if (report_.horizons.empty() && !report_.remaining)
      throw UsageError(
          "estimate needs a horizon: --kimg LIST, --epochs LIST or --steps N  (see tlaunch estimate --help)");
    return std::move(report_);
  }

 private:
  // A figure that another one makes superfluous is a mistake, and not to be passed over.
  void check_paces() const {
    const bool of_samples = rate_ && rate_->counted == Counted::samples, of_steps = rate_ && !of_samples;
    if (of_samples && options_.kimg.empty() && (options_.steps || !options_.epochs.empty()))
      throw UsageError("--throughput " + options_.throughput +
                       " needs --kimg, lengths in thousand samples; for --steps and --epochs the pace is --step-time "
                       "145ms or --throughput 6.8steps/s");
    if (static_cast<int>(of_steps) + static_cast<int>(!options_.step_time.empty()) +
            static_cast<int>(!options_.elapsed.empty()) >
        1)
      throw UsageError("--step-time, --throughput in steps and --elapsed each tell the time of a step: one is enough");
  }

  void find_step_time() {
    if (!options_.step_time.empty()) {
      report_.step_time_s = parse_duration_range_s("--step-time", options_.step_time);
    } else if (rate_ && rate_->counted == Counted::steps) {
      report_.step_time_s = Range{1 / rate_->per_s.high, 1 / rate_->per_s.low};
    } else if (!options_.elapsed.empty()) {
      if (!options_.done) throw UsageError("--elapsed needs --done N, the steps done so far");
      const double start_up_s = options_.start_up.empty() ? 0 : parse_duration_s("--start-up", options_.start_up);
      const double step_time_s = observed_step_time_s(
          {parse_duration_s("--elapsed", options_.elapsed), start_up_s, options_.since_step.value_or(0)},
          *options_.done);
      report_.step_time_s = Range{step_time_s, step_time_s};
    }
  }

  TimeRange time_of_steps(double steps) const {
    const Range& step = *report_.step_time_s;
    return {steps * step.low, steps * step.middle(), steps * step.high};
  }

  const Range& samples_per_s(const std::string& wanted_by) const {
    if (!rate_ || rate_->counted != Counted::samples)
      throw UsageError(wanted_by + " needs --throughput, of samples, as 54-72kimg/h");
    return rate_->per_s;
  }

  std::optional<DiskFigures> disk(std::int64_t saves, std::int64_t all_saves, std::int64_t epochs) const {
    if (!checkpoint_bytes_) return std::nullopt;
    DiskFigures disk;
    disk.kept = checkpoints_kept({*checkpoint_bytes_, options_.save_top_k, options_.save_last}, saves);
    disk.all = checkpoints_kept({*checkpoint_bytes_, -1, false}, all_saves);
    disk.advice = advised_policy(epochs);
    disk.advised = checkpoints_kept({*checkpoint_bytes_, disk.advice.save_top_k, disk.advice.save_last},
                                    std::max<std::int64_t>(1, all_saves / disk.advice.every_n_epochs));
    disk.least = checkpoints_kept({*checkpoint_bytes_, 0, true}, all_saves);
    disk.other_bytes = other_bytes(others_, epochs);
    return disk;
  }

  void add_kimg() {
    if (options_.kimg.empty()) return;
    for (const std::string& item : parse_list("--kimg", options_.kimg)) {
      const double samples = parse_samples("--kimg", item);
      Horizon horizon;
      horizon.label = plain(samples / 1000) + " kimg";
      horizon.time = time_at(samples, samples_per_s("--kimg"));
      if (!options_.checkpoint_every.empty()) {
        const double every = parse_samples("--checkpoint-every", options_.checkpoint_every);
        horizon.saves =
            SaveSpacing{static_cast<std::int64_t>(samples / every), time_at(every, samples_per_s("--kimg"))};
        horizon.disk = disk(horizon.saves->count, horizon.saves->count, 0);
      }
      report_.horizons.push_back(std::move(horizon));
    }
    if (options_.phases.empty()) return;
    std::vector<double> boundaries;
    for (const std::string& item : parse_list("--phases", options_.phases))
      boundaries.push_back(parse_samples("--phases", item));
    if (!std::is_sorted(boundaries.begin(), boundaries.end()))
      throw UsageError("--phases " + options_.phases + ": each ends later than the one before it, as 50,200,300");
    double longest = 0;
    for (const std::string& item : parse_list("--kimg", options_.kimg))
      longest = std::max(longest, parse_samples("--kimg", item));
    if (boundaries.back() > longest)
      throw UsageError("--phases " + options_.phases + ": the last phase ends at " + plain(boundaries.back() / 1000) +
                       " kimg, the longest run of --kimg at " + plain(longest / 1000) +
                       " kimg; end the phases by then, or give a longer --kimg");
    report_.phases = phases_at(boundaries, samples_per_s("--phases"));
  }

  void add_epochs() {
    if (options_.epochs.empty()) return;
    for (const std::int64_t epochs : parse_epochs("--epochs", options_.epochs, 1'000'000'000)) {
      Horizon horizon;
      horizon.label = format_number_of(epochs, "epoch");
      if (options_.steps_per_epoch && report_.step_time_s) {
        const double steps = static_cast<double>(*options_.steps_per_epoch) * static_cast<double>(epochs);
        horizon.time = time_of_steps(steps);
        for (const int factor : data_factors) horizon.more_data.emplace_back(factor, time_of_steps(steps * factor));
      }
      const std::int64_t saves = epochs / options_.every_n_epochs;
      horizon.saves = SaveSpacing{saves, {}};
      if (horizon.time && saves > 0) {
        const double n = static_cast<double>(saves);
        horizon.saves->interval =
            TimeRange{horizon.time->low_s / n, horizon.time->likely_s / n, horizon.time->high_s / n};
      }
      horizon.disk = disk(saves, epochs, epochs);
      if (!horizon.time && !horizon.disk)
        throw UsageError("--epochs needs --checkpoint-size for disk, or --steps-per-epoch with --step-time for time");
      report_.horizons.push_back(std::move(horizon));
    }
  }

  void add_remaining() {
    if (!options_.steps) return;
    if (!report_.step_time_s)
      throw UsageError(
          "--steps needs a pace: --step-time 145ms, --throughput 6.8steps/s, or --elapsed T with --since-step N");
    const std::int64_t done = options_.done.value_or(0);
    if (done > *options_.steps)
      throw UsageError("--done " + std::to_string(done) + " is more than --steps " + std::to_string(*options_.steps));
    report_.remaining_steps = *options_.steps - done;
    report_.remaining = time_of_steps(static_cast<double>(*report_.remaining_steps));
  }

  const FigureOptions& options_;
  std::optional<Rate> rate_;
  std::optional<std::uint64_t> checkpoint_bytes_;
  OtherSizes others_;
  FiguresReport report_;
};

}  // namespace

bool FigureOptions::any() const {
  return !throughput.empty() || !step_time.empty() || !kimg.empty() || !epochs.empty() || steps || done ||
         !elapsed.empty() || !checkpoint_size.empty();
}

FiguresReport report_of(const FigureOptions& options, const std::string& deadline) {
  FiguresReport report = Report(options).make();
  if (deadline.empty()) return report;
  report.deadline_s = parse_duration_s("--deadline", deadline);
  const auto time = report.remaining ? report.remaining : report.horizons.back().time;
  if (!time) throw UsageError("--deadline needs a time: --throughput or --step-time beside the horizons");
  report.remedies = towards_deadline(*time, *report.deadline_s);
  report.least_s = least_s_with_all(*time);
  return report;
}

}  // namespace tlaunch
