#include "worker/run_phase.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tlaunch {
namespace {

TEST(RunPhase, AScopeComesBackToThePhaseBefore) {
  note_step(3);
  note_phase(RunPhase::logging);
  const auto before = work_place();
  {
    const PhaseScope evaluation(RunPhase::evaluation);
    EXPECT_EQ(work_place().phase, RunPhase::evaluation);
  }
  EXPECT_EQ(work_place().phase, RunPhase::logging);
  EXPECT_EQ(work_place().step, 3);
  EXPECT_EQ(work_place().passed, before.passed + 2);
}

TEST(RunPhase, OfAFailureItIsTheOneThatItCameFrom) {
  note_phase(RunPhase::logging);
  try {
    const PhaseScope save(RunPhase::save);
    throw Error(exit_code::failure, "no");
  } catch (const Error&) {
  }
  EXPECT_EQ(work_place().phase, RunPhase::save);
}

TEST(RunPhase, WaitsAreNested) {
  const WaitsForOthers outer;
  { const WaitsForOthers inner; }
  EXPECT_TRUE(work_place().waits);
}

TEST(PhaseTimes, GoToThePhaseThatEndsAndAreTakenOnce) {
  note_phase(RunPhase::loading);
  (void)take_phase_times();
  note_step(1);
  note_phase(RunPhase::forward);
  note_phase(RunPhase::logging);
  const auto times = take_phase_times();
  EXPECT_EQ(times.steps, 1);
  EXPECT_EQ(times.timed_steps, 1);
  for (const RunPhase phase : {RunPhase::loading, RunPhase::forward, RunPhase::logging})
    EXPECT_GT(times.seconds[static_cast<std::size_t>(phase)], 0) << to_string(phase);
  EXPECT_EQ(times.seconds[static_cast<std::size_t>(RunPhase::save)], 0);
  EXPECT_EQ(take_phase_times().steps, 0);
}

TEST(InjectedFault, IsReadOrRefusedWithItsForm) {
  EXPECT_NO_THROW(inject_fault("", 0));
  EXPECT_NO_THROW(inject_fault("rank=1,step=5,phase=backward,fault=hang", 0)) << "another rank's";
  EXPECT_THROW(inject_fault("rank=1,step=5,phase=lunch,fault=hang", 0), UsageError);
}

}  // namespace
}  // namespace tlaunch
