#include "trainer/trial/trial_command.h"

#include <torch/nn/modules/batchnorm.h>

#include <algorithm>
#include <cmath>
#include <istream>

#include "base/error.h"
#include "base/text.h"
#include "hardware/gpu/gpu_monitor.h"
#include "trainer/device/device.h"
#include "trainer/device/host_memory.h"
#include "trainer/device/timing.h"
#include "trainer/ranks/agree.h"
#include "trainer/trial/trial_candidate.h"

namespace tlaunch {
namespace {

constexpr double hopeless_ratio = 3;      // of single warm-up steps; beyond it nothing more is measured
constexpr std::int64_t least_rounds = 4;  // before an early end is considered
constexpr std::int64_t most_steps_a_visit = 100;
constexpr double more_steps_s = 0.5;  // of a trial that measures memory
constexpr std::int64_t most_more_steps = 20;

bool has_batch_norm(const Model& model) {
  for (const auto& module : model.modules())
    if (std::dynamic_pointer_cast<torch::nn::BatchNorm2d::ContainedType>(module)) return true;
  return false;
}

JobFacts facts_of(const TrainingSetup& setup) {
  JobFacts facts{setup.dataset->size(Split::train), setup.dataset->size(Split::val), 0, has_batch_norm(*setup.model)};
  for (const auto& [name, tensor] : named_parameters(*setup.model)) facts.parameters += tensor.numel();
  return facts;
}

// The time that logging adds to a step: the sum over ranks, and the wait for it.
double log_cost_s(const Ranks& ranks) {
  auto value = torch::zeros({1}, torch::TensorOptions().dtype(torch::kFloat64).device(ranks.device()));
  return least_seconds(5, [&] {
    ranks.sum(value);
    (void)value.item<double>();
  });
}

// The time of one reading of this rank's card; 0 if there is none.
double gpu_log_cost_s(const torch::Device& device) {
  if (!device.is_cuda()) return 0;
  GpuMonitor monitor(device_uuid(device));
  if (!monitor.sample()) return 0;
  return least_seconds(3, [&] { (void)monitor.sample(); });
}

class Trial {
 public:
  Trial(const WorkerContext& context, const RunConfig& config, const Ranks& ranks,
        std::shared_ptr<const Dataset> dataset, const TrialSpec& spec)
      : context_(context), ranks_(ranks), spec_(spec) {
    empty_cache(context.device);
    trim_heap();
    reset_peak(context.device);
    result_.id = spec.id;
    result_.idle_bytes = used_bytes(context.device);
    for (const auto& settings : spec.candidates)
      candidates_.push_back(std::make_unique<TrialCandidate>(config, settings, ranks, dataset));
    if (spec.with_loader)
      for (auto& candidate : candidates_) candidate->load();
  }

  TrialResult run() {
    warm_up();
    for (std::int64_t round = 0; round < spec_.rounds && !result_.abandoned; ++round) {
      if (round >= least_rounds && round % 2 == 0) result_.abandoned = agreed(too_slow());
      if (!result_.abandoned) visit_all(round % 2 == 1);
    }
    if (spec_.whole_run) take_more_steps();
    const RestOfRun rest = spec_.whole_run ? candidates_.front()->touch_rest_of_run(spec_.evaluation_s) : RestOfRun{};
    result_.save_copy_s = rest.copy_s;
    result_.save_bytes = rest.save_bytes;
    result_.detection_s = rest.detection_s;
    result_.evaluation_fixed_s = rest.evaluation_fixed_s;
    result_.evaluation_sample_s = rest.evaluation_sample_s;
    result_.peak_bytes = peak_bytes(context_.device);
    result_.make_batch_s = candidates_.front()->make_batch_s();
    result_.log_cost_s = log_cost_s(ranks_);
    result_.facts = facts_of(candidates_.front()->setup());
    result_.worker_s = seconds_since(start_);
    for (const auto& candidate : candidates_) result_.candidates.push_back(candidate->figures());
    return result_;
  }

 private:
  // Two steps of each candidate: the first makes the things that are made once (caches, buckets, algorithms), the
  // second shows the speed.
  void warm_up() {
    std::vector<double> step_time_s;
    for (const auto& candidate : candidates_) {
      (void)candidate->step_time_s(1);
      step_time_s.push_back(candidate->step_time_s(1));
    }
    for (const double time_s : step_time_s) result_.build_s -= 2 * time_s;
    result_.build_s = std::max(0.0, result_.build_s + seconds_since(start_));
    const double wanted = spec_.visit_s / std::max(step_time_s.front(), 1e-9);
    steps_ =
        agree(ranks_, std::clamp(static_cast<std::int64_t>(std::ceil(wanted)), std::int64_t{1}, most_steps_a_visit));
    if (spec_.abandon_ratio > 0 && step_time_s.size() > 1)
      result_.abandoned = agreed(step_time_s[1] > hopeless_ratio * step_time_s[0]);
  }

  // Memory that a step holds only briefly (the exchange of gradients beside the backward pass, the loader beside both)
  // does not reach its peak in the first steps.
  void take_more_steps() {
    const double step_time_s = candidates_.front()->step_time_s(1);
    const auto steps = static_cast<std::int64_t>(more_steps_s / std::max(step_time_s, 1e-9));
    (void)candidates_.front()->step_time_s(agree(ranks_, std::clamp(steps, std::int64_t{1}, most_more_steps)));
  }

  void visit_all(bool backwards) {
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      auto& candidate = *candidates_[backwards ? candidates_.size() - 1 - i : i];
      candidate.figures().step_times_s.push_back(candidate.step_time_s(steps_));
      if (!spec_.with_loader || candidates_.size() > 1) continue;
      if (context_.device.is_cuda()) {  // on the CPU the same visit measures both
        candidate.wait_for_device(true);
        (void)candidate.step_time_s(steps_);
        candidate.wait_for_device(false);
      }
      candidate.figures().wait_shares.push_back(candidate.wait_share());
    }
  }

  bool too_slow() const {
    if (spec_.abandon_ratio <= 0 || candidates_.size() < 2) return false;
    const auto sum = [&](std::size_t i) {
      double total = 0;
      for (const double s : candidates_[i]->figures().step_times_s) total += s;
      return total;
    };
    return sum(1) > spec_.abandon_ratio * sum(0);
  }

  bool agreed(bool mine) const { return agree(ranks_, mine) != 0; }

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const WorkerContext& context_;
  const Ranks& ranks_;
  const TrialSpec& spec_;
  std::vector<std::unique_ptr<TrialCandidate>> candidates_;
  std::int64_t steps_ = 1;
  TrialResult result_;
};

}  // namespace

void run_trials(const WorkerContext& context, const RunConfig& config, const Ranks& ranks, std::istream& requests) {
  const std::shared_ptr<const Dataset> dataset = make_dataset(config.data, config.model.options);
  const double gpu_reading_s = gpu_log_cost_s(context.device);
  for (std::string line; std::getline(requests, line);) {
    const auto request = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (request.is_discarded())
      throw UsageError(format_text("trial: a line of standard input is not JSON: {}", quoted(line)));
    const auto spec = trial_spec_from_json(request);
    auto result = Trial(context, config, ranks, dataset, spec).run();
    result.gpu_log_cost_s = gpu_reading_s;
    context.events.write(OtherEvent{"trial", to_json(result)});
  }
}

}  // namespace tlaunch
