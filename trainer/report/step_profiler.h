// --profile: runs LibTorch's profiler over some steps; each rank writes a Chrome trace and a table. For the training
// thread only.
#pragma once

#include <cstdint>
#include <string>

#include "trainer/ranks/context.h"

namespace tlaunch {

class StepProfiler {
 public:
  // Made before the session's first step, of which `steps` are to come. Profiles up to ten of them, after up to ten
  // steps that warm up (half of `steps` at most). Writes <run_dir>/profile/rank_R.json and .txt, and reports them by a
  // `profile` event.
  StepProfiler(const WorkerContext& context, std::int64_t steps);
  ~StepProfiler();
  StepProfiler(const StepProfiler&) = delete;
  StepProfiler& operator=(const StepProfiler&) = delete;

  // Call it after each step; `step` is the run's step, for the event.
  void after_step(std::int64_t step);

 private:
  void start();
  void stop(std::int64_t step);

  const WorkerContext& context_;
  std::int64_t wait_steps_, profiled_steps_, done_ = 0;
  bool running_ = false;
};

}  // namespace tlaunch
