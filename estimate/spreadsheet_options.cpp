#include "estimate/spreadsheet_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

std::uint64_t bytes_or(const std::string& what, const std::string& text, std::uint64_t fallback) {
  return text.empty() ? fallback : parse_bytes(what, text);
}

// A figure that another one makes superfluous is a mistake of the user. It is refused, not ignored.
void check_paces(const FigureOptions& options, const std::optional<Rate>& rate) {
  const bool of_samples = rate && rate->counted == Counted::samples, of_steps = rate && !of_samples;
  if (of_samples && options.kimg.empty() && (options.steps || !options.epochs.empty()))
    throw UsageError(format_text(
        "--throughput {} needs --kimg (lengths in thousand samples). For --steps and --epochs give the pace as "
        "--step-time 145ms or --throughput 6.8steps/s",
        options.throughput));
  if (static_cast<int>(of_steps) + static_cast<int>(!options.step_time.empty()) +
          static_cast<int>(!options.elapsed.empty()) >
      1)
    throw UsageError("--step-time, --throughput in steps and --elapsed each give the time of a step: one is enough");
}

std::optional<Range> step_time_s(const FigureOptions& options, const std::optional<Rate>& rate) {
  if (!options.step_time.empty()) return parse_duration_range_s("--step-time", options.step_time);
  if (rate && rate->counted == Counted::steps) return Range{1 / rate->per_s.high, 1 / rate->per_s.low};
  if (options.elapsed.empty()) return std::nullopt;
  if (!options.done) throw UsageError("--elapsed needs --done N, the steps done so far");
  const double start_up_s = options.start_up.empty() ? 0 : parse_duration_s("--start-up", options.start_up);
  const double seconds = observed_step_time_s(
      {parse_duration_s("--elapsed", options.elapsed), start_up_s, options.since_step.value_or(0)}, *options.done);
  return Range{seconds, seconds};
}

std::vector<double> samples_of(const std::string& what, const std::string& list) {
  std::vector<double> found;
  if (list.empty()) return found;
  for (const std::string& item : parse_list(what, list)) found.push_back(parse_samples(what, item));
  return found;
}

void check_phases(const std::string& text, const std::vector<double>& ends, const std::vector<double>& lengths) {
  if (ends.empty() || lengths.empty()) return;
  if (!std::is_sorted(ends.begin(), ends.end()))
    throw UsageError(
        format_text("--phases {}: each phase must end later than the one before it, such as 50,200,300", text));
  const double longest = *std::max_element(lengths.begin(), lengths.end());
  if (ends.back() > longest)
    throw UsageError(format_text(
        "--phases {}: the last phase ends at {}, the longest run of --kimg at {}; end the phases by then, or give a "
        "longer --kimg",
        text, kimg_text(ends.back()), kimg_text(longest)));
}

}  // namespace

bool FigureOptions::any() const {
  return !throughput.empty() || !step_time.empty() || !kimg.empty() || !epochs.empty() || steps || done ||
         !elapsed.empty() || !checkpoint_size.empty();
}

Figures figures_from(const FigureOptions& options, const std::string& deadline) {
  std::optional<Rate> rate;
  if (!options.throughput.empty()) rate = parse_rate("--throughput", options.throughput);
  Figures figures;
  if (!options.checkpoint_size.empty())
    figures.checkpoint_bytes = parse_bytes("--checkpoint-size", options.checkpoint_size);
  figures.others = {bytes_or("--base-size", options.base_size, 0), bytes_or("--data-size", options.data_size, 0),
                    bytes_or("--other-size", options.other_size, 0),
                    bytes_or("--log-size", options.log_size, typical_log_bytes_per_epoch)};
  if (options.save_top_k < -1)
    throw UsageError(format_text("--save-top-k {}: must be -1 (all) or more", options.save_top_k));
  check_paces(options, rate);
  if (rate && rate->counted == Counted::samples) figures.samples_per_s = rate->per_s;
  figures.step_time_s = step_time_s(options, rate);
  figures.samples = samples_of("--kimg", options.kimg);
  if (!options.kimg.empty() && !options.checkpoint_every.empty())
    figures.samples_per_save = parse_samples("--checkpoint-every", options.checkpoint_every);
  figures.phase_ends = samples_of("--phases", options.phases);
  check_phases(options.phases, figures.phase_ends, figures.samples);
  if (!options.epochs.empty()) figures.epochs = parse_epochs("--epochs", options.epochs, 1'000'000'000);
  figures.steps = options.steps;
  figures.done_steps = options.done.value_or(0);
  figures.steps_per_epoch = options.steps_per_epoch;
  figures.save_top_k = options.save_top_k;
  figures.every_n_epochs = options.every_n_epochs;
  figures.save_last = options.save_last;
  if (!deadline.empty()) figures.deadline_s = parse_duration_s("--deadline", deadline);
  return figures;
}

}  // namespace tlaunch
