#include "trainer/ranks/context.h"

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

torch::Device choose_device(const WorkerEnvironment& environment, const std::function<int()>& count_cards) {
  const auto& wanted = environment.device_asked;
  const int local_rank = environment.local_rank;
  if (wanted == "cpu") return torch::kCPU;
  const int count = count_cards();
  if (count == 0 && !wanted) return torch::kCPU;
  if (count == 0)
    throw UsageError(format_text("no GPU for local rank {}: {}; set CUDA_VISIBLE_DEVICES= to train on the CPU",
                                 local_rank, cuda_problem()));
  if (local_rank >= count && !environment.cuda_over_gloo)
    throw UsageError(
        format_text("no GPU for local rank {}: this process sees {} GPU{}; start at most that many ranks, or set "
                    "CUDA_VISIBLE_DEVICES= to train on the CPU",
                    local_rank, count, count == 1 ? "" : "s"));
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(local_rank % count)};
}

}  // namespace

WorkerContext context_from_environment(const Getenv& getenv, const std::function<int()>& count_cards) {
  WorkerContext context{read_worker_environment(getenv)};
  context.device = choose_device(context, count_cards);
  return context;
}

}  // namespace tlaunch
