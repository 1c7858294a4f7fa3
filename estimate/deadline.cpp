#include "estimate/deadline.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "config/batch.h"

namespace tlaunch {
namespace {

constexpr double noticed = 0.01;   // share of the run's time: a change that saves less is left out
constexpr std::int64_t rarer = 4;  // factor by which evaluations become rarer

// A job with some changes applied.
struct Variant {
  RunConfig config;
  Pace pace;
};

struct Change {
  std::string label, setting;
  bool measured = false;
  std::function<void(Variant&)> make;
};

// Whether this number of ranks can share the batch that the config asks for.
bool can_share(const TrainConfig& train, std::int64_t ranks) {
  if (!train.effective_batch_size) return true;
  try {
    split_batch(*train.effective_batch_size, ranks, train.batch_size, train.gradient_accumulation_steps, largest_batch);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

// First changes that keep the result of training, then changes that need more GPUs.
std::vector<Change> changes_of(const EstimateInput& input) {
  std::vector<Change> changes;
  const RunConfig& config = input.config;
  if (config.eval.every_n_epochs)
    changes.push_back({format_text("evaluate every {} epochs", *config.eval.every_n_epochs * rarer),
                       "eval.every_n_epochs=" + std::to_string(*config.eval.every_n_epochs * rarer), true,
                       [](Variant& job) { *job.config.eval.every_n_epochs *= rarer; }});
  if (config.eval.every_n_steps)
    changes.push_back({format_text("evaluate every {} steps", *config.eval.every_n_steps * rarer),
                       "eval.every_n_steps=" + std::to_string(*config.eval.every_n_steps * rarer), true,
                       [](Variant& job) { *job.config.eval.every_n_steps *= rarer; }});
  if (!config.checkpoint.async)
    changes.push_back({"save in the background", "checkpoint.async=true", false,
                       [](Variant& job) { job.config.checkpoint.async = true; }});
  // The fastest micro-batch that tuning measured. Tuning itself chooses the smallest one within 3 % of the fastest.
  const auto& ladder = input.ladder;
  const auto ours = ladder.find(config.train.batch_size.value_or(0));
  const auto best =
      std::max_element(ladder.begin(), ladder.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (ours != ladder.end() && best->second > ours->second)
    changes.push_back({format_text("micro-batch {}", best->first), "train.batch_size=" + std::to_string(best->first),
                       true,
                       [ratio = best->second / ours->second](Variant& job) { job.pace = faster(job.pace, ratio); }});
  if (input.on_gpu)
    for (const std::int64_t ranks : {2, 4, 8, 16}) {
      if (ranks <= input.world_size || !can_share(input.asked, ranks)) continue;
      const double ratio = rank_scaling * static_cast<double>(ranks) / static_cast<double>(input.world_size);
      changes.push_back({format_text("{} GPUs{}", ranks, ranks <= input.cards ? " (this machine has them)" : ""),
                         "--nproc " + std::to_string(ranks), false,
                         [ratio](Variant& job) { job.pace = faster(job.pace, ratio); }});
      break;
    }
  return changes;
}

std::string shorter(const EstimateInput& input, double deadline_s) {
  RunConfig config = input.config;
  if (!config.train.epochs || config.train.max_steps || config.train.kimg) return "";
  for (std::int64_t epochs = *config.train.epochs - 1; epochs > 0; epochs -= std::max<std::int64_t>(1, epochs / 50)) {
    config.train.epochs = epochs;
    if (forecast_of(input, config, input.pace).time.likely_s <= deadline_s)
      return "train.epochs=" + std::to_string(epochs);
  }
  return "";
}

}  // namespace

DeadlineAnswer answer_deadline(const EstimateInput& input, const TimeEstimate& now, double deadline_s) {
  DeadlineAnswer answer;
  answer.deadline_s = deadline_s;
  answer.likely_s = answer.least_s = now.likely_s;
  answer.high_s = now.high_s;
  answer.reached = answer.high_s <= deadline_s;
  if (answer.reached) return answer;
  Variant job{input.config, input.pace};
  for (const Change& change : changes_of(input)) {
    Variant changed = job;
    change.make(changed);
    const double likely_s = forecast_of(input, changed.config, changed.pace).time.likely_s;
    if (answer.least_s - likely_s < noticed * answer.likely_s) continue;
    job = changed;
    answer.least_s = likely_s;
    answer.changes.push_back({change.label, change.setting, likely_s, change.measured});
    answer.reached_with_changes = likely_s <= deadline_s;
    if (answer.reached_with_changes) break;
  }
  if (!answer.reached_with_changes) answer.shorter = shorter(input, deadline_s);
  return answer;
}

Json to_json(const DeadlineAnswer& answer) {
  Json changes = Json::array();
  for (const DeadlineChange& change : answer.changes)
    changes.push_back({{"label", change.label},
                       {"setting", change.setting},
                       {"likely_s", change.likely_s},
                       {"origin", change.measured ? "from measured times" : "modelled"}});
  Json json = {{"deadline_s", answer.deadline_s},
               {"likely_s", answer.likely_s},
               {"high_s", answer.high_s},
               {"reached", answer.reached},
               {"changes", changes},
               {"reached_with_changes", answer.reached_with_changes},
               {"least_s", answer.least_s}};
  if (!answer.shorter.empty()) json["shorter"] = answer.shorter;
  return json;
}

std::string to_text(const DeadlineAnswer& answer) {
  const std::string deadline = format_duration(answer.deadline_s), likely = format_duration(answer.likely_s),
                    high = format_duration(answer.high_s);
  if (answer.reached)
    return format_text("deadline {}: reached without changes, in {} ({} at the high end)\n", deadline, likely, high);
  std::string text;
  if (answer.likely_s <= answer.deadline_s)
    text = format_text("deadline {}: likely reached without changes, in {}, but not certain: {} at the high end\n",
                       deadline, likely, high);
  else
    text = format_text("deadline {}: missed without changes: the run takes {}\n", deadline, likely);
  for (std::size_t i = 0; i < answer.changes.size(); ++i) {
    const DeadlineChange& change = answer.changes[i];
    text += format_text("  {}{} ({}): {}, {}\n", i == 0 ? "" : "and ", change.label, change.setting,
                        format_duration(change.likely_s), change.measured ? "from measured times" : "modelled");
  }
  if (!answer.reached_with_changes && answer.likely_s > answer.deadline_s) {
    const std::string shorter =
        answer.shorter.empty() ? "" : format_text("; a shorter run would fit: {}", answer.shorter);
    text += format_text("  not reachable: {} with all of these changes{}\n", format_duration(answer.least_s), shorter);
  }
  return text;
}

}  // namespace tlaunch
