#include "trainer/report/step_profiler.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "trainer/report/profile_table.h"

namespace tlaunch {
namespace {

namespace profiler = torch::autograd::profiler;
using torch::profiler::impl::ActivityType;

constexpr std::int64_t most_steps = 10;

std::vector<ProfiledOp> ops_of(const profiler::ProfilerResult& result) {
  std::vector<ProfiledOp> ops;
  for (const profiler::KinetoEvent& event : result.events()) {
    if (event.isAsync()) continue;
    ops.push_back({event.name(), event.startThreadId(), static_cast<std::int64_t>(event.startNs()),
                   static_cast<std::int64_t>(event.endNs()), event.deviceType() != c10::DeviceType::CPU});
  }
  return ops;
}

}  // namespace

StepProfiler::StepProfiler(const WorkerContext& context, std::int64_t steps)
    : context_(context),
      wait_steps_(std::min(most_steps, steps / 2)),
      profiled_steps_(std::min(most_steps, steps - wait_steps_)) {
  if (wait_steps_ == 0 && profiled_steps_ > 0) start();
}

StepProfiler::~StepProfiler() {
  if (running_) (void)profiler::disableProfiler();  // the run ended early, so there is nothing to report
}

void StepProfiler::after_step(std::int64_t step) {
  ++done_;
  if (running_ && done_ == wait_steps_ + profiled_steps_) stop(step);
  if (!running_ && done_ == wait_steps_ && profiled_steps_ > 0) start();
}

void StepProfiler::start() {
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO,
                                                     /*report_input_shapes=*/true);
  std::set<ActivityType> activities{ActivityType::CPU};
  if (context_.device.is_cuda()) activities.insert(ActivityType::CUDA);
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities);
  running_ = true;
}

void StepProfiler::stop(std::int64_t step) {
  const auto result = profiler::disableProfiler();
  running_ = false;
  if (context_.run_dir.empty()) return;
  const std::string folder = context_.run_dir + "/profile", stem = folder + "/rank_" + std::to_string(context_.rank);
  std::filesystem::create_directories(folder);
  result->save(stem + ".json");
  write_file_atomically(stem + ".txt", profile_table(ops_of(*result), profiled_steps_));
  context_.events.write(ProfileEvent{step, profiled_steps_, stem + ".json", stem + ".txt"});
}

}  // namespace tlaunch
