// The keys of `log:`.
#include "config/schema_keys.h"

namespace tlaunch {

std::vector<SchemaKey> log_keys() {
  return {
      {.key = "log.log_interval",
       .field = TLAUNCH_FIELD(log.log_interval),
       .unit = "steps",
       .meaning = "Steps between two logged steps: loss line, metrics and step event.",
       .rule = positive(largest_count, "auto"),
       .may_change_on_resume = true},
      {.key = "log.gpu_log_interval",
       .field = TLAUNCH_FIELD(log.gpu_log_interval),
       .unit = "steps",
       .meaning = "Steps between two readings of the GPU: utilization, memory, temperature and power.",
       .rule = positive(largest_count, "auto"),
       .may_change_on_resume = true},
      {.key = "log.tensorboard",
       .field = TLAUNCH_FIELD(log.tensorboard),
       .meaning = "Write tensorboard/ in the run's folder.",
       .may_change_on_resume = true},
      {.key = "log.csv",
       .field = TLAUNCH_FIELD(log.csv),
       .meaning = "Write metrics.csv in the run's folder.",
       .may_change_on_resume = true},
  };
}

}  // namespace tlaunch
