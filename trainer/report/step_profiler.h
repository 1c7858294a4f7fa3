// --profile: LibTorch's profiler over some steps of a run, a Chrome trace and a table each rank. The training thread's.
#pragma once

#include <cstdint>
#include <string>

#include "trainer/ranks/context.h"

namespace tlaunch {

class StepProfiler {
 public:
  // Profiles up to ten of `steps` steps to come, after as many that warm up (half of them, of few). Writes
  // <run_dir>/profile/rank_R.json and .txt, and tells so by a `profile` event.
  StepProfiler(const WorkerContext& context, std::int64_t steps);
  ~StepProfiler();
  StepProfiler(const StepProfiler&) = delete;
  StepProfiler& operator=(const StepProfiler&) = delete;

  // Before the session's first step, and after each; `step`: of the run, for the event.
  void after_step(std::int64_t step);

 private:
  void start();
  void stop(std::int64_t step);

  const WorkerContext& context_;
  std::int64_t wait_steps_, profiled_steps_, done_ = 0;
  bool running_ = false;
};

}  // namespace tlaunch
