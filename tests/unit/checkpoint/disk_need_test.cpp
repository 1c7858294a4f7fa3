#include "checkpoint/folder/disk_need.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

constexpr std::uint64_t gb = 1'000'000'000;
constexpr std::uint64_t one = 6'900'000'000;  // a fine-tuning run's checkpoint: 6.9 GB

// The worked example of teams that compute this by hand: 5, 10, 20, 50, 100 epochs.
TEST(DiskNeed, KeepingAllGrowsWithTheEpochs) {
  const RetentionPolicy all{.save_top_k = -1};
  for (const std::int64_t epochs : {5, 10, 20, 50, 100})
    EXPECT_EQ(bytes_to_come(all, {one, epochs, 0}), static_cast<std::uint64_t>(epochs) * one);
  EXPECT_EQ(bytes_to_come(all, {one, 100, 0}), 690 * gb);
}

TEST(DiskNeed, TopThreeEveryFiveEpochsAndTheLastStopAtFourFiles) {
  const RetentionPolicy policy{.save_top_k = 3, .save_last = true};
  EXPECT_EQ(files_kept(policy, {one, 1, 0}), 1);   // 5 epochs: 6.9 (to 13.8 while another is written)
  EXPECT_EQ(files_kept(policy, {one, 2, 0}), 2);   // 10 epochs: 13.8
  EXPECT_EQ(files_kept(policy, {one, 4, 0}), 4);   // 20 epochs: at most 27.6
  EXPECT_EQ(files_kept(policy, {one, 20, 0}), 4);  // 100 epochs
  EXPECT_EQ(files_at_peak(policy, {one, 20, 0}), 5);
}

TEST(DiskNeed, TopOneIsOneFileAlwaysAndTwoWhileWriting) {
  const RetentionPolicy policy{.save_top_k = 1, .save_last = false};
  for (const std::int64_t saves : {2, 10, 100}) {
    EXPECT_EQ(files_kept(policy, {one, saves, 0}), 1);
    EXPECT_EQ(files_at_peak(policy, {one, saves, 0}), 2);
  }
}

TEST(DiskNeed, WhatIsThereAlreadyIsNotCountedAgain) {
  const RetentionPolicy policy{.save_top_k = 2, .save_last = true};
  EXPECT_EQ(bytes_to_come(policy, {one, 50, 3}), one);
  EXPECT_EQ(bytes_to_come({.save_top_k = -1}, {one, 5, 10}), 5 * one);
  EXPECT_EQ(bytes_to_come({.save_top_k = 0, .save_last = false}, {one, 5, 0}), 0u);
}

TEST(DiskNeed, ThePolicyThatFitsGivesUpTheLeast) {
  const RetentionPolicy asked{.save_top_k = 3, .save_last = true, .monitor = "val_accuracy", .lower_is_better = false};
  const auto fits = policy_that_fits(asked, {one, 50, 0}, 30 * gb);  // four files
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->save_top_k, 2);
  EXPECT_TRUE(fits->save_last);
  EXPECT_EQ(fits->monitor, "val_accuracy");
  const auto less = policy_that_fits(asked, {one, 50, 0}, 14 * gb);
  ASSERT_TRUE(less);
  EXPECT_EQ(less->save_top_k, 1);
  EXPECT_FALSE(less->save_last);
  EXPECT_FALSE(policy_that_fits(asked, {one, 50, 0}, 13 * gb));
  const auto of_all = policy_that_fits({.save_top_k = -1}, {one, 50, 0}, 100 * gb);
  ASSERT_TRUE(of_all);
  EXPECT_EQ(of_all->save_top_k, 12);  // 12 best, the last, and the one being written: 96.6 GB
}

}  // namespace
}  // namespace tlaunch
