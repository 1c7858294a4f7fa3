#include "base/units.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tlaunch {
namespace {

TEST(Units, Bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1 kB");
  EXPECT_EQ(format_bytes(6'900'000'000), "6.9 GB");
  EXPECT_EQ(format_bytes(34'500'000'000), "34.5 GB");
  EXPECT_EQ(format_bytes(345'000'000'000), "345 GB");
  EXPECT_EQ(format_bytes(999'499), "999 kB");
  EXPECT_EQ(format_bytes(999'999), "1 MB");  // rounded up, not "1000 kB"
  EXPECT_EQ(format_bytes(9'996), "10 kB");
  EXPECT_EQ(format_bytes(UINT64_MAX), "18.4 EB");
}

TEST(Units, Durations) {
  EXPECT_EQ(format_duration(0), "0 ms");
  EXPECT_EQ(format_duration(0.012), "12 ms");
  EXPECT_EQ(format_duration(0.4), "0.4 s");
  EXPECT_EQ(format_duration(9.96), "10 s");
  EXPECT_EQ(format_duration(59.6), "1 min 0 s");
  EXPECT_EQ(format_duration(200), "3 min 20 s");
  EXPECT_EQ(format_duration(3599.7), "1 h 0 min");
  EXPECT_EQ(format_duration(5.6 * 3600), "5 h 36 min");
  EXPECT_EQ(format_duration(86399), "1 d 0 h");
  EXPECT_EQ(format_duration(9.75 * 86400), "9 d 18 h");
  EXPECT_EQ(format_duration(-200), "-3 min 20 s");
  EXPECT_EQ(format_duration(INFINITY), "unknown");
  EXPECT_EQ(format_duration(std::nan("")), "unknown");
}

TEST(Units, Counts) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(42), "42");
  EXPECT_EQ(format_count(1.5), "1.50");
  EXPECT_EQ(format_count(1620), "1.62 k");
  EXPECT_EQ(format_count(5'702'600), "5.70 M");
  EXPECT_EQ(format_count(999'999), "1.00 M");
  EXPECT_EQ(format_count(-1620), "-1.62 k");
  EXPECT_EQ(format_count(INFINITY), "unknown");
}

}  // namespace
}  // namespace tlaunch
