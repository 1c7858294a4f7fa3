#include "trainer/report/profile_table.h"

#include <gtest/gtest.h>

namespace tlaunch {
namespace {

constexpr std::int64_t ms = 1'000'000;

TEST(ProfileTable, AnOperationsOwnTimeIsWithoutThoseItCalls) {
  const std::string table = profile_table({{"conv", 1, 0, 10 * ms, false},
                                           {"gemm", 1, 2 * ms, 8 * ms, false},
                                           {"conv", 2, 0, 10 * ms, false},  // another thread
                                           {"relu", 1, 10 * ms, 11 * ms, false}},
                                          2);
  EXPECT_EQ(table,
            "host time of 2 steps\n"
            "   ms/step   share calls/step  operation\n"
            "     7.000   66.7%        1.0  conv\n"
            "     3.000   28.6%        0.5  gemm\n"
            "     0.500    4.8%        0.5  relu\n");
}

TEST(ProfileTable, TheDevicesTimeComesFirst) {
  const std::string table = profile_table(
      {{"launch", 1, 0, ms, false}, {"kernel", 0, 0, 4 * ms, true}, {"kernel", 0, 2 * ms, 6 * ms, true}}, 1);
  EXPECT_EQ(table.find("device time of 1 steps"), 0u);
  EXPECT_NE(table.find("     8.000  100.0%        2.0  kernel"), std::string::npos) << table;
}

TEST(ProfileTable, OfManyNamesTheMostExpensive) {
  std::vector<ProfiledOp> ops;
  for (int i = 1; i <= 50; ++i) ops.push_back({"op" + std::to_string(i), 1, 100 * i * ms, (100 * i + i) * ms, false});
  const std::string table = profile_table(ops, 1, 3);
  EXPECT_NE(table.find("op50"), std::string::npos);
  EXPECT_EQ(table.find("op47\n"), std::string::npos);
  EXPECT_EQ(profile_table({}, 0), "host time of 0 steps\n   ms/step   share calls/step  operation\n");
}

}  // namespace
}  // namespace tlaunch
