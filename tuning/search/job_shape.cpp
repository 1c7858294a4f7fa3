#include "tuning/search/job_shape.h"

#include <algorithm>

namespace tlaunch {

std::int64_t cores_of_a_rank(const HardwareProfile& hardware, const JobShape& job) {
  if (job.cores_per_rank) return *job.cores_per_rank;
  return std::max<std::int64_t>(1, hardware.cpu.allowed_cores / std::max<std::int64_t>(1, job.world_size));
}

}  // namespace tlaunch
