#include "processes/group/told_failures.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

FailureEvent failure(std::int64_t exit_code) {
  FailureEvent event;
  event.exit_code = exit_code;
  return event;
}

TEST(ToldFailures, OfEachRankTheFirstCountsAndTheirOrderStays) {
  ToldFailures told;
  told.on_event(1, failure(65));
  told.on_event(0, failure(3));
  told.on_event(1, failure(4));
  ASSERT_EQ(told.by_event().size(), 2u);
  EXPECT_EQ(told.by_event()[0].rank, 1);
  EXPECT_EQ(told.exit_code(1, {}), 65);
  EXPECT_EQ(told.exit_code(0, {}), 3);
  EXPECT_EQ(told.exit_code(2, {}), std::nullopt);
}

TEST(ToldFailures, AnExitCodeThatNoProcessCanHaveIsAFailureLikeOthers) {
  ToldFailures told;
  for (const auto& [rank, code] : {std::pair(0, 0), std::pair(1, 256), std::pair(2, -1)}) {
    told.on_event(rank, failure(code));
    EXPECT_EQ(told.exit_code(rank, {}), 1) << code;
  }
  told.on_event(-1, failure(7));
  EXPECT_EQ(told.by_event().size(), 3u) << "an event of no rank";
}

TEST(ToldFailures, AnErrorFileTellsOfOneToo) {
  const test::TempDir folder;
  WorkerSpec worker;
  worker.error_path = folder / "error.json";
  const ToldFailures told;
  EXPECT_EQ(told.exit_code(0, worker), std::nullopt);
  test::write(worker.error_path, R"({"message": "lost"})");
  EXPECT_EQ(told.exit_code(0, worker), 1);
}

}  // namespace
}  // namespace tlaunch
