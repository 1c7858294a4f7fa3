#include "launcher/commands/smoke/smoke_verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"
#include "base/units.h"
#include "estimate/work.h"

namespace tlaunch {
namespace {

constexpr double steady_growth = 0.05;                    // share of the first epoch's peak
constexpr std::int64_t steady_growth_bytes = 16ll << 20;  // smaller growth is noise of the allocator
constexpr double inexact_tolerance = 1e-3;
constexpr double far_worse = 1.5, far_worse_val = 2;  // times the first value: the run diverges, however it got there
constexpr const char* divergence_advice =
    "lower train.learning_rate, set train.clip_grad_norm, or turn mixed precision off (gpu.mixed_precision=off)";

Finding finding(const char* check, bool passed, std::string detail) { return {check, passed, std::move(detail)}; }

double mean(std::vector<double>::const_iterator from, std::vector<double>::const_iterator to) {
  double sum = 0;
  for (auto value = from; value != to; ++value) sum += *value;
  return sum / static_cast<double>(to - from);
}

Finding ended_well(const SmokeRecord& first) {
  if (first.out_of_time)
    return finding("completed", false, "the budget was used up before the epochs were done; raise --smoke-minutes");
  if (!first.failure.empty()) return finding("completed", false, first.failure);
  if (!first.run.end) return finding("completed", false, "the test was stopped before the epochs were done");
  return finding("completed", true, format_text("{} epochs of {} steps each", first.run.epoch, first.steps_per_epoch));
}

Finding all_finite(const SmokeRecord& first) {
  for (const auto& [step, loss] : first.losses)
    if (!std::isfinite(loss))
      return finding("finite", false, format_text("the loss at step {} is {:.4g}; {}", step, loss, divergence_advice));
  for (const double loss : first.val_losses)
    if (!std::isfinite(loss))
      return finding("finite", false, format_text("val_loss is {:.4g}; {}", loss, divergence_advice));
  if (first.losses.empty()) return finding("finite", false, "no loss was logged");
  return finding("finite", true,
                 format_text("{} losses and {} evaluations, all finite", first.losses.size(), first.val_losses.size()));
}

// Compares the mean of the first tenth of the logged losses with that of the last tenth; val_loss may fall instead,
// because it varies less. The loss of a run that diverged at once may fall from there, so neither may end far above its
// first value.
Finding loss_fell(const SmokeRecord& first) {
  std::vector<double> losses;
  for (const auto& [step, loss] : first.losses) losses.push_back(loss);
  if (losses.size() < 2) return finding("loss_fell", false, "fewer than two losses were logged");
  const auto tenth = static_cast<std::ptrdiff_t>(std::max<std::size_t>(losses.size() / 10, 1));
  const double before = mean(losses.begin(), losses.begin() + tenth), after = mean(losses.end() - tenth, losses.end());
  std::string detail = format_text("train_loss {:.4g} -> {:.4g}", before, after);
  bool fell = after<before, diverged = after> far_worse * losses.front();
  if (first.val_losses.size() >= 2) {
    fell = fell || first.val_losses.back() < first.val_losses.front();
    diverged = diverged || first.val_losses.back() > far_worse_val * first.val_losses.front();
    detail += format_text(", val_loss {:.4g} -> {:.4g}", first.val_losses.front(), first.val_losses.back());
  }
  if (diverged) detail += format_text(", from {:.4g} at the first step", losses.front());
  const bool passed = fell && !diverged;
  return finding("loss_fell", passed, passed ? detail : format_text("{}; {}", detail, divergence_advice));
}

Finding memory_steady(const SmokeRecord& first) {
  if (first.peak_bytes.empty()) return finding("memory_steady", false, "no rank reported its memory");
  const auto size = [](std::int64_t bytes) {
    return format_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)));
  };
  std::vector<std::string> growths;
  bool steady = true;
  for (const auto& [rank, peaks] : first.peak_bytes) {
    if (peaks.size() < 2)
      return finding("memory_steady", false, format_text("rank {} reported its memory for one epoch only", rank));
    const std::int64_t growth = peaks.back() - peaks.front();
    const bool grew = growth >= steady_growth_bytes &&
                      static_cast<double>(growth) >= steady_growth * static_cast<double>(peaks.front());
    steady = steady && !grew;
    growths.push_back(format_text("rank {} peak {} -> {}", rank, size(peaks.front()), size(peaks.back())));
  }
  const char* advice =
      "a long run ends out of memory if memory grows each epoch: lower data.prefetch_factor or set "
      "gpu.empty_cache_freq, and look for tensors that are not freed";
  return finding("memory_steady", steady, joined(growths, "; ") + (steady ? "" : format_text("; {}", advice)));
}

Finding saved_and_resumed(const SmokeRecord& first, const SmokeRecord& second, bool exact) {
  const char* check = "saved_and_resumed";
  if (first.checkpoints.empty()) return finding(check, false, "no checkpoint was saved");
  if (second.out_of_time)
    return finding(check, false, "the budget was used up before the resumed part was done; raise --smoke-minutes");
  if (!second.failure.empty()) return finding(check, false, format_text("the resumed part failed: {}", second.failure));
  if (!second.resumed_step) return finding(check, false, "the second part did not resume");
  std::int64_t compared = 0;
  double worst = 0;
  for (const auto& [step, loss] : second.losses) {
    const auto before = first.losses.find(step);
    if (before == first.losses.end()) continue;
    ++compared;
    const double scale = std::max({std::abs(loss), std::abs(before->second), std::numeric_limits<double>::min()});
    const double off = loss == before->second ? 0 : std::abs(loss - before->second) / scale;
    if (!(off <= (exact ? 0 : inexact_tolerance)))
      return finding(check, false,
                     format_text("resumed at step {}, but the loss of step {} is {} instead of {}; a resumed run would "
                                 "differ from an uninterrupted one",
                                 *second.resumed_step, step, Json(loss).dump(), Json(before->second).dump()));
    worst = std::max(worst, off);
  }
  if (compared == 0) return finding(check, false, "the resumed part logged no step that the first part had logged");
  const std::string agreement = exact ? "equal bit for bit" : format_text("differ by {:.4g} at most (relative)", worst);
  return finding(check, true,
                 format_text("resumed at step {}; {} losses {}", *second.resumed_step, compared, agreement));
}

// The time of the whole run at this speed: steps, full evaluations, saves and start-up.
Finding projection(const SmokeRecord& first) {
  if (!first.run.start || first.run.end->steady_samples_per_s <= 0)
    return finding("speed", false, "the worker did not report its speed");
  const StartEvent& start = *first.run.start;
  const double rate = first.run.end->steady_samples_per_s;
  const Work work = work_left(start, 0);
  double total_s = first.start_up_s + static_cast<double>(work.steps * start.effective_batch_size) / rate;
  if (first.evaluated_samples > 0)
    total_s += first.evaluation_s / static_cast<double>(first.evaluated_samples) *
               static_cast<double>(start.val_samples * work.evaluations);
  if (!first.checkpoints.empty())
    total_s += first.checkpoint_s / static_cast<double>(first.checkpoints.size()) * static_cast<double>(work.saves);
  return finding("speed", true,
                 format_text("{} samples/s; the full run of {} steps would take about {}", format_count(rate),
                             work.steps, format_duration(total_s)));
}

}  // namespace

std::string words_of(const std::string& check) {
  constexpr std::pair<const char*, const char*> words[] = {{"completed", "epochs"},
                                                           {"finite", "losses are numbers"},
                                                           {"loss_fell", "loss falls"},
                                                           {"memory_steady", "memory does not grow"},
                                                           {"saved_and_resumed", "save and resume"},
                                                           {"speed", "speed"}};
  for (const auto& [name, text] : words)
    if (check == name) return text;
  return check;
}

SmokeVerdict smoke_verdict(const SmokeRecord& first, const SmokeRecord& second, bool exact) {
  SmokeVerdict verdict;
  verdict.findings = {ended_well(first), all_finite(first)};
  if (first.run.end)  // a part that broke off has failed already: the checks it did not reach would add nothing
    verdict.findings.insert(verdict.findings.end(), {loss_fell(first), memory_steady(first),
                                                     saved_and_resumed(first, second, exact), projection(first)});
  verdict.passed =
      std::all_of(verdict.findings.begin(), verdict.findings.end(), [](const Finding& f) { return f.passed; });
  return verdict;
}

}  // namespace tlaunch
