#include "worker/stop_request.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <vector>

namespace tlaunch {
namespace {

// Ranks that share a store in memory. None is more than one step ahead of another, as with an exchange in each step.
class Agreement : public testing::Test {
 protected:
  void start(int world_size) {
    for (int rank = 0; rank < world_size; ++rank)
      ranks_.emplace_back(rank, world_size,
                          RankNotes{[this](const std::string& key, const std::string& text) { store_[key] = text; },
                                    [this](const std::string& key) {
                                      const auto found = store_.find(key);
                                      return found == store_.end() ? std::nullopt : std::optional(found->second);
                                    }},
                          [this] { ++waits_; });
  }

  std::map<std::string, std::string> store_;
  std::vector<StopAgreement> ranks_;
  int waits_ = 0;
};

TEST_F(Agreement, ASingleRankStopsAtOnce) {
  start(1);
  EXPECT_FALSE(ranks_[0].after_step(0));
  EXPECT_TRUE(ranks_[0].after_step(SIGTERM));
  EXPECT_EQ(waits_, 0);
}

TEST_F(Agreement, WithoutASignalNothingIsWrittenOrWaitedFor) {
  start(2);
  for (int step = 0; step < 5; ++step)
    for (auto& rank : ranks_) EXPECT_FALSE(rank.after_step(0));
  EXPECT_TRUE(store_.empty());
  EXPECT_EQ(waits_, 0);
}

// The signal reaches each rank after a step of its own; in each step the ranks come in either order.
TEST_F(Agreement, AllRanksStopAfterTheSameStepWhenTheyWereToldAtDifferentOnes) {
  for (const bool last_first : {false, true})
    for (int late = 0; late < 3; ++late)
      for (int told_late = 1; told_late <= 6; ++told_late) {
        store_.clear();
        ranks_.clear();
        start(3);
        std::vector<int> stopped_after(3, 0);
        for (int step = 1; step <= 20; ++step)
          for (int i = 0; i < 3; ++i) {
            const int rank = last_first ? 2 - i : i, told = rank == late ? told_late : 1;
            if (stopped_after[rank] == 0 && ranks_[rank].after_step(step >= told ? SIGTERM : 0))
              stopped_after[rank] = step;
          }
        EXPECT_GT(stopped_after[0], told_late);
        EXPECT_EQ(stopped_after[1], stopped_after[0]) << "rank " << late << " told after step " << told_late;
        EXPECT_EQ(stopped_after[2], stopped_after[0]) << "rank " << late << " told after step " << told_late;
      }
}

TEST(StopSignal, IsTheFirstThatCame) {
  note_stop_signal(SIGUSR1);
  note_stop_signal(SIGTERM);
  EXPECT_EQ(stop_signal(), SIGUSR1);
}

}  // namespace
}  // namespace tlaunch
