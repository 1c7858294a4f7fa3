#include "worker/heartbeat.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "base/error.h"
#include "tests/unit/worker/event_reader.h"
#include "worker/run_phase.h"

namespace tlaunch {
namespace {

TEST(Heartbeat, TheFirstIsThereWhenItsConstructorReturnsAndSaysWhereThisRankIs) {
  test::EventReader events;
  note_step(7);
  note_phase(RunPhase::forward);
  const Heartbeat heartbeat(events.writer(0), 1e6);
  const auto beats = events.read_all<HeartbeatEvent>();
  ASSERT_EQ(beats.size(), 1u);
  EXPECT_EQ(beats[0].step, 7);
  EXPECT_EQ(beats[0].phase, "forward");
}

TEST(Heartbeat, BeatsOnWhileTheTrainingThreadWaits) {
  test::EventReader events;
  const Heartbeat heartbeat(events.writer(0), 0.001);
  for (std::size_t beats = 0; beats < 3; beats += events.read_all<HeartbeatEvent>().size()) {
    pollfd waits{events.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&waits, 1, 60'000), 1) << "no heartbeat for a minute";
  }
}

TEST(HeartbeatInterval, IsSecondsAboveZeroOrNone) {
  EXPECT_EQ(heartbeat_interval_s(""), 0);
  EXPECT_EQ(heartbeat_interval_s("0.5"), 0.5);
  for (const char* text : {"0", "-1", "often", "1s", "nan"})
    EXPECT_THROW(heartbeat_interval_s(text), UsageError) << text;
}

}  // namespace
}  // namespace tlaunch
