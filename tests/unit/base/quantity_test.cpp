#include "base/quantity.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Quantity, Durations) {
  EXPECT_DOUBLE_EQ(parse_duration_s("--elapsed", "5680s"), 5680);
  EXPECT_DOUBLE_EQ(parse_duration_s("--step-time", "145ms"), 0.145);
  EXPECT_DOUBLE_EQ(parse_duration_s("--start-up", "35min5s"), 2105);
  EXPECT_DOUBLE_EQ(parse_duration_s("--deadline", " 1h 30min "), 5400);
  EXPECT_DOUBLE_EQ(parse_duration_s("--deadline", "3d"), 259200);
  EXPECT_DOUBLE_EQ(parse_duration_s("--deadline", "2.5h"), 9000);
  const Range range = parse_duration_range_s("--step-time", "140-150ms");
  EXPECT_DOUBLE_EQ(range.low, 0.140);
  EXPECT_DOUBLE_EQ(range.high, 0.150);
}

TEST(Quantity, Sizes) {
  EXPECT_EQ(parse_bytes("--checkpoint-size", "6.9GB"), 6'900'000'000u);
  EXPECT_EQ(parse_bytes("--checkpoint-size", "10 GiB"), 10'737'418'240u);
  EXPECT_EQ(parse_bytes("--checkpoint-size", "10gb"), 10'000'000'000u);
  EXPECT_EQ(parse_bytes("--checkpoint-size", "512MB"), 512'000'000u);
  EXPECT_EQ(parse_bytes("--checkpoint-size", "0B"), 0u);
}

TEST(Quantity, RatesOfSamplesAndOfSteps) {
  const Rate rate = parse_rate("--throughput", "54-72kimg/h");
  EXPECT_EQ(rate.counted, Counted::samples);
  EXPECT_DOUBLE_EQ(rate.per_s.low, 15);
  EXPECT_DOUBLE_EQ(rate.per_s.high, 20);
  EXPECT_DOUBLE_EQ(parse_rate("--throughput", "300 img/s").per_s.high, 300);
  EXPECT_EQ(parse_rate("--throughput", "6.8batches/s").counted, Counted::steps);
  EXPECT_DOUBLE_EQ(parse_samples("--kimg", "300"), 300e3);
  EXPECT_DOUBLE_EQ(parse_samples("--checkpoint-every", "50kimg"), 50e3);
}

TEST(Quantity, Lists) {
  EXPECT_THAT(parse_list("--kimg", "300, 1000,2500"), ElementsAre("300", "1000", "2500"));
  EXPECT_THROW(parse_list("--kimg", "300,,5"), UsageError);
  EXPECT_THROW(parse_list("--kimg", ""), UsageError);
}

TEST(Quantity, WhatIsNoneIsRefusedWithItsName) {
  for (const char* text :
       {"", "s", "3", "-3s", "0s", "3parsecs", "3d4", "nan s", "inf s", "1e400s", "1e18d", "3 s s"}) {
    try {
      parse_duration_s("--deadline", text);
      ADD_FAILURE() << text;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("--deadline"));
    }
  }
  for (const char* text : {"", "6.9", "6.9gigs", "GB", "-1GB", "1e30GB", "1GB2"})
    EXPECT_THROW(parse_bytes("x", text), UsageError) << text;
  for (const char* text : {"", "54kimg", "54/h", "72-54kimg/h", "0kimg/h", "5kimg/parsec", "5-kimg/h", "5kimg/h/h"})
    EXPECT_THROW(parse_rate("x", text), UsageError) << text;
  for (const char* text : {"150-140ms", "1-ms", "0-5ms", "-5ms", "1ms-2ms"})
    EXPECT_THROW(parse_duration_range_s("x", text), UsageError) << text;
}

}  // namespace
}  // namespace tlaunch
