#include "tuning/cached_plan.h"

#include <gtest/gtest.h>

#include "simulated_device.h"

namespace tlaunch {
namespace {

using test::DeviceModel;
using test::SimulatedDevice;
using test::SimulatedJob;

class CachedPlan : public testing::Test {
 protected:
  CachedPlan() : kept_(job_.tune(model_)) {}
  std::optional<TuneOutcome> verify(std::uint64_t budget_bytes) {
    SimulatedDevice device(model_);
    return verify_cached(job_.config, kept_, budget_bytes, 1, device, {});
  }

  SimulatedJob job_;
  DeviceModel model_;
  TuneOutcome kept_;
};

TEST_F(CachedPlan, ThatStillHoldsIsTakenAfterOneTrial) {
  const auto verified = verify(5'900'000'000);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->budget_bytes, 5'900'000'000u) << "that of today";
  EXPECT_TRUE(verified->cached);
  EXPECT_EQ(verified->trials, 1);
  EXPECT_EQ(job_.settings(*verified), job_.settings(kept_));
  EXPECT_EQ(job_.choice(*verified, "train.batch_size").origin, Origin::cache);
  EXPECT_EQ(job_.choice(*verified, "train.effective_batch_size").origin, Origin::user);
}

TEST_F(CachedPlan, ThatNoLongerFitsOrRunsIsNotTaken) {
  EXPECT_FALSE(verify(kept_.measured_peak_bytes / 2));
  model_.broken = [](const TrialSettings&) { return TrialOutcome::crashed; };
  EXPECT_FALSE(verify(6'000'000'000));
}

TEST_F(CachedPlan, IsTakenWhereNoMemoryBudgetIsKnown) { EXPECT_TRUE(verify(0)); }

}  // namespace
}  // namespace tlaunch
