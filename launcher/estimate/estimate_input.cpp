#include "launcher/estimate/estimate_input.h"

namespace tlaunch {

EstimateInput estimate_input(const Job& job, const Pace& pace, double tuning_s, std::int64_t done_steps,
                             const Calibration& calibration) {
  return {.config = job.config,
          .asked = job.loaded.config.train,
          .world_size = job.world.size,
          .on_gpu = job.world.on_gpu,
          .cards = static_cast<std::int64_t>(job.hardware.gpus.size()),
          .disk_free_bytes = job.hardware.disk_free_bytes,
          .ladder = measured_ladder(job.plan),
          .pace = pace,
          .tuning_s = tuning_s,
          .done_steps = done_steps,
          .calibration = calibration};
}

}  // namespace tlaunch
