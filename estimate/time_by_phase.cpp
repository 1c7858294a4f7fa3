#include "estimate/time_by_phase.h"

#include <algorithm>
#include <cmath>

namespace tlaunch {
namespace {

// What is worth a line, as shares of the time, of a card's busy time and of its memory. idle_gpu and empty_memory are
// from a job that a team sped up 3 times: its four cards were all less than 60 % busy and used under a tenth of their
// memory. The others are judgements: what costs less is not worth a change of settings.
constexpr double much_waiting = 0.05, much_exchange = 0.20, much_evaluation = 0.15, much_saving = 0.035,
                 much_logging = 0.05, idle_gpu = 0.60, empty_memory = 0.50, imbalance = 0.15;

constexpr const char* step_parts[] = {"loading", "copy", "forward", "backward", "all_reduce", "optimizer"};

bool in_a_step(const std::string& part) {
  return std::any_of(std::begin(step_parts), std::end(step_parts), [&](const char* each) { return part == each; });
}

double sum(const std::map<std::string, double>& seconds) {
  double all = 0;
  for (const auto& [part, value] : seconds) all += value;
  return all;
}

double of(const std::map<std::string, double>& seconds, const std::string& part) {
  const auto found = seconds.find(part);
  return found == seconds.end() ? 0 : found->second;
}

std::string percent(double share) { return std::to_string(std::llround(100 * share)) + " %"; }

std::string name_of(const std::string& part) {
  if (part == "loading") return "waiting for data";
  if (part == "all_reduce") return "exchanging gradients";
  if (part == "save") return "saving";
  return part;
}

// What a rank computes itself, whatever it waits for.
double own_work_s(const RankTimes& rank) {
  return of(rank.seconds, "forward") + of(rank.seconds, "backward") + of(rank.seconds, "optimizer");
}

std::string loader_advice(const RunConfig& config) {
  return "data.num_workers (now " + std::to_string(config.data.num_workers.value_or(0)) +
         ") and data.prefetch_factor (now " + std::to_string(config.data.prefetch_factor.value_or(2)) +
         ") higher, or the data on a faster disk";
}

std::string imbalance_finding(const TimeByPhase& times) {
  if (times.ranks().size() < 2) return "";
  int slowest = 0;
  double most_s = 0, others_s = 0;
  for (const auto& [rank, figures] : times.ranks()) {
    const double work_s = own_work_s(figures);
    others_s += work_s;
    if (work_s <= most_s) continue;
    most_s = work_s;
    slowest = rank;
  }
  others_s = (others_s - most_s) / static_cast<double>(times.ranks().size() - 1);
  if (others_s <= 0 || most_s < (1 + imbalance) * others_s) return "";
  return "rank " + std::to_string(slowest) + " computes " + percent(most_s / others_s - 1) +
         " longer than the others, which wait for it: look for other work on its card or cores (tlaunch probe)";
}

// Over the ranks whose driver tells it.
std::optional<double> mean_over_ranks(const TimeByPhase& times, std::optional<double> RankTimes::*figure) {
  double sum = 0;
  std::int64_t cards = 0;
  for (const auto& [rank, figures] : times.ranks()) {
    if (!(figures.*figure)) continue;
    sum += *(figures.*figure);
    ++cards;
  }
  return cards == 0 ? std::nullopt : std::optional(sum / static_cast<double>(cards));
}

// `mean` of so many readings, and of `more` whose mean is `value`.
void add_readings(std::optional<double>& mean, std::int64_t& readings, double value, std::int64_t more = 1) {
  readings += more;
  mean = mean.value_or(0) + (value - mean.value_or(0)) * static_cast<double>(more) / static_cast<double>(readings);
}

std::string idle_gpu_finding(const TimeByPhase& times) {
  const auto utilization = mean_over_ranks(times, &RankTimes::gpu_utilization),
             memory = mean_over_ranks(times, &RankTimes::gpu_memory_share);
  if (!utilization || *utilization >= idle_gpu) return "";
  std::string text = "the GPUs were busy " + percent(*utilization) + " of the time";
  if (memory && *memory < empty_memory)
    text += " and used " + percent(*memory) +
            " of their memory: a larger micro-batch (train.batch_size=auto measures it; "
            "train.effective_batch_size=auto where that may change)";
  return text;
}

}  // namespace

void TimeByPhase::on_event(const StampedEvent& event) {
  if (event.rank < 0) return;
  if (const auto* gpu = std::get_if<GpuEvent>(&event.event)) {
    RankTimes& figures = ranks_[event.rank];
    if (gpu->utilization_percent)
      add_readings(figures.gpu_utilization, figures.utilization_readings, *gpu->utilization_percent / 100);
    if (gpu->memory_used_bytes && gpu->memory_total_bytes.value_or(0) > 0)
      add_readings(figures.gpu_memory_share, figures.memory_readings,
                   static_cast<double>(*gpu->memory_used_bytes) / static_cast<double>(*gpu->memory_total_bytes));
  }
  if (const auto* times = std::get_if<PhaseTimesEvent>(&event.event)) {
    const double steps = static_cast<double>(times->steps), timed = static_cast<double>(times->timed_steps);
    for (const auto& [part, value] : times->seconds)
      ranks_[event.rank].seconds[part] += (!in_a_step(part) ? 1 : timed > 0 ? steps / timed : 0) * value;
  }
}

void TimeByPhase::add(const TimeByPhase& other) {
  for (const auto& [rank, theirs] : other.ranks_) {
    RankTimes& ours = ranks_[rank];
    for (const auto& [part, value] : theirs.seconds) ours.seconds[part] += value;
    if (theirs.gpu_utilization)
      add_readings(ours.gpu_utilization, ours.utilization_readings, *theirs.gpu_utilization,
                   theirs.utilization_readings);
    if (theirs.gpu_memory_share)
      add_readings(ours.gpu_memory_share, ours.memory_readings, *theirs.gpu_memory_share, theirs.memory_readings);
  }
}

std::map<std::string, double> TimeByPhase::seconds() const {
  std::map<std::string, double> all;
  for (const auto& [rank, figures] : ranks_)
    for (const auto& [part, value] : figures.seconds) all[part] += value / static_cast<double>(ranks_.size());
  return all;
}

std::string shares_text(const std::map<std::string, double>& seconds) {
  const double all = sum(seconds);
  std::vector<std::pair<double, std::string>> parts;
  for (const auto& [part, value] : seconds)
    if (all > 0 && value / all >= 0.01) parts.emplace_back(value / all, name_of(part));
  std::sort(parts.rbegin(), parts.rend());
  std::string text;
  for (const auto& [share, name] : parts) text += (text.empty() ? "" : ", ") + name + " " + percent(share);
  return text;
}

std::vector<std::string> slow_findings(const TimeByPhase& times, const RunConfig& config) {
  std::vector<std::string> findings;
  const auto seconds = times.seconds();
  const double all = sum(seconds);
  if (all <= 0) return findings;
  const auto add = [&](const std::string& part, double limit, const std::string& advice) {
    const double share = of(seconds, part) / all;
    if (share > limit) findings.push_back(name_of(part) + " took " + percent(share) + " of the time: " + advice);
  };
  add("loading", much_waiting, loader_advice(config));
  add("all_reduce", much_exchange,
      "a larger micro-batch or more accumulation (train.batch_size, train.gradient_accumulation_steps) makes fewer "
      "exchanges; fewer ranks where they share cores");
  add("evaluation", much_evaluation, "evaluate less often (eval.every_n_epochs, eval.every_n_steps)");
  add("save", much_saving,
      config.checkpoint.async ? "save less often (checkpoint.every_n_epochs, ...)"
                              : "checkpoint.async=true writes in the background");
  add("logging", much_logging,
      "log.log_interval (now " + std::to_string(config.log.log_interval.value_or(1)) + ") higher");
  for (const std::string& finding : {imbalance_finding(times), idle_gpu_finding(times)})
    if (!finding.empty()) findings.push_back(finding);
  return findings;
}

Json to_json(const TimeByPhase& times, const std::vector<std::string>& findings) {
  Json ranks = Json::array();
  for (const auto& [rank, figures] : times.ranks()) {
    Json each = {{"rank", rank}, {"parts", figures.seconds}};
    if (figures.gpu_utilization) each["gpu_utilization"] = *figures.gpu_utilization;
    if (figures.gpu_memory_share) each["gpu_memory_share"] = *figures.gpu_memory_share;
    ranks.push_back(each);
  }
  return {{"parts", times.seconds()}, {"ranks", ranks}, {"findings", findings}};
}

}  // namespace tlaunch
