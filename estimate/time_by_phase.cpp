#include "estimate/time_by_phase.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace tlaunch {
namespace {

// The limits for a finding: shares of the time, of a card's busy time and of its memory. idle_gpu and empty_memory are
// from a job that a team made 3 times as fast: its four cards were all less than 60 % busy and used under a tenth of
// their memory. The others are judgements: a smaller cost is not worth a change of settings.
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

std::string whole_percent(double share) { return format_text("{} %", std::llround(100 * share)); }

std::string name_of(const std::string& part) {
  if (part == "loading") return "waiting for data";
  if (part == "all_reduce") return "exchanging gradients";
  if (part == "save") return "saving";
  return part;
}

// The time that a rank computes, without its waits.
double own_work_s(const RankTimes& rank) {
  return of(rank.seconds, "forward") + of(rank.seconds, "backward") + of(rank.seconds, "optimizer");
}

std::string loader_advice(const RunConfig& config) {
  return format_text(
      "raise data.num_workers (now {}) and data.prefetch_factor (now {}), or put the data on a faster disk",
      config.data.num_workers.value_or(0), config.data.prefetch_factor.value_or(2));
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
  return format_text(
      "rank {} computes {} longer than the others, which wait for it: look for other work on its card or cores "
      "(tlaunch probe)",
      slowest, whole_percent(most_s / others_s - 1));
}

// The mean over the ranks whose driver reports the figure.
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

// Adds `more` readings with the mean `value` to `mean`, which is the mean of `readings`.
void add_readings(std::optional<double>& mean, std::int64_t& readings, double value, std::int64_t more = 1) {
  readings += more;
  mean = mean.value_or(0) + (value - mean.value_or(0)) * static_cast<double>(more) / static_cast<double>(readings);
}

std::string idle_gpu_finding(const TimeByPhase& times) {
  const auto utilization = mean_over_ranks(times, &RankTimes::gpu_utilization),
             memory = mean_over_ranks(times, &RankTimes::gpu_memory_share);
  if (!utilization || *utilization >= idle_gpu) return "";
  const std::string busy = format_text("the GPUs were busy {} of the time", whole_percent(*utilization));
  if (!memory || *memory >= empty_memory) return busy;
  return format_text(
      "{} and used {} of their memory: try a larger micro-batch (train.batch_size=auto measures it; "
      "train.effective_batch_size=auto if the effective batch may change)",
      busy, whole_percent(*memory));
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
  std::vector<std::string> texts;
  for (const auto& [share, name] : parts) texts.push_back(format_text("{} {}", name, whole_percent(share)));
  return joined(texts, ", ");
}

std::vector<std::string> slow_findings(const TimeByPhase& times, const RunConfig& config) {
  std::vector<std::string> findings;
  const auto seconds = times.seconds();
  const double all = sum(seconds);
  if (all <= 0) return findings;
  const auto add = [&](const std::string& part, double limit, const std::string& advice) {
    const double share = of(seconds, part) / all;
    if (share > limit)
      findings.push_back(format_text("{} took {} of the time: {}", name_of(part), whole_percent(share), advice));
  };
  add("loading", much_waiting, loader_advice(config));
  add("all_reduce", much_exchange,
      "a larger micro-batch or more accumulation (train.batch_size, train.gradient_accumulation_steps) makes fewer "
      "exchanges; if ranks share cores, use fewer ranks");
  add("evaluation", much_evaluation, "evaluate less often (eval.every_n_epochs, eval.every_n_steps)");
  add("save", much_saving,
      config.checkpoint.async ? "save less often (checkpoint.every_n_epochs, ...)"
                              : "checkpoint.async=true writes in the background");
  add("logging", much_logging, format_text("raise log.log_interval (now {})", config.log.log_interval.value_or(1)));
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
