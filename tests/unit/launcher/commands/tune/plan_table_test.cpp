#include "launcher/commands/tune/plan_table.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

TEST(PlanTable, OneLineAChoiceInColumns) {
  Plan plan;
  plan.choices = {
      {"train.batch_size", 64, Origin::measured, "the smallest of 3 measured within 3 % of the best"},
      {"train.effective_batch_size", 256, Origin::user, "from the config, never changed"},
      {"gpu.mixed_precision", "bf16", Origin::cache, "bf16: 1.31x faster than float32, p = 0.002, loss equal"},
      {"gpu.tf32", false, Origin::prior, "needs compute capability 8.0"}};
  EXPECT_EQ(plan_table(plan),
            "train.batch_size            64     measured  the smallest of 3 measured within 3 % of the best\n"
            "train.effective_batch_size  256    user      from the config, never changed\n"
            "gpu.mixed_precision         bf16   cache     bf16: 1.31x faster than float32, p = 0.002, loss equal\n"
            "gpu.tf32                    false  prior     needs compute capability 8.0\n");
}

TEST(PlanTable, OfNothingIsNothing) { EXPECT_EQ(plan_table({}), ""); }

}  // namespace
}  // namespace tlaunch
