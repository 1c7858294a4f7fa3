#include "worker/metrics_csv.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch {
namespace {

using test::content;
using test::TempDir;

const std::vector<std::string> columns{"step", "train_loss", "val_loss"};

// Continues `path` from a step on, and collects the problems that it reports.
struct Csv {
  std::vector<std::string> told;
  MetricsCsv csv;
  explicit Csv(const std::string& path, std::int64_t resume_step = 0)
      : csv(path, columns, resume_step, [this](const std::string& problem) { told.push_back(problem); }) {}
  void row(const std::map<std::string, double>& values) { csv.row(values); }
};

TEST(MetricsCsv, WritesOneHeaderAndShortestNumbers) {
  const TempDir dir;
  Csv csv(dir / "metrics.csv");
  csv.row({{"step", 1}, {"train_loss", 0.1}});
  csv.row({{"step", 1'000'000}, {"val_loss", 1.0 / 3}, {"train_loss", 2}});
  csv.row({{"step", 1'000'001}, {"train_loss", std::numeric_limits<double>::quiet_NaN()}, {"val_loss", -1e300}});
  EXPECT_EQ(content(dir / "metrics.csv"),
            "step,train_loss,val_loss\n1,0.1,\n1000000,2,0.3333333333333333\n1000001,nan,-1e+300\n");
}

TEST(MetricsCsv, EveryNumberReadsBackTheSame) {
  const TempDir dir;
  Csv csv(dir / "metrics.csv");
  const std::vector<double> values{0.1 + 0.2, 5e-324,  1.7976931348623157e308, 9007199254740993e3, -0.0, -3,
                                   1e22,      INFINITY};
  for (const double value : values) csv.row({{"step", 1}, {"train_loss", value}});
  std::string text = content(dir / "metrics.csv");
  std::size_t at = text.find('\n');
  for (const double value : values) {
    const double read = std::strtod(text.c_str() + at + 3, nullptr);
    EXPECT_TRUE(read == value && std::signbit(read) == std::signbit(value)) << value;
    at = text.find('\n', at + 1);
  }
}

TEST(MetricsCsv, ResumeDropsLaterRowsAndAppends) {
  const TempDir dir;
  {
    Csv csv(dir / "metrics.csv");
    for (int step : {10, 20, 30, 40}) csv.row({{"step", step}, {"train_loss", step / 100.0}});
  }
  Csv csv(dir / "metrics.csv", 20);
  EXPECT_EQ(content(dir / "metrics.csv"), "step,train_loss,val_loss\n10,0.1,\n20,0.2,\n");
  csv.row({{"step", 30}, {"train_loss", 7}});
  EXPECT_EQ(content(dir / "metrics.csv"), "step,train_loss,val_loss\n10,0.1,\n20,0.2,\n30,7,\n");
  EXPECT_THAT(test::names(dir), testing::ElementsAre("metrics.csv"));
}

TEST(MetricsCsv, ResumeDropsALineCutShort) {
  const TempDir dir;
  test::write(dir / "metrics.csv", "step,train_loss,val_loss\n10,0.1,\n11,0.");
  Csv(dir / "metrics.csv", 100).row({{"step", 12}});
  EXPECT_EQ(content(dir / "metrics.csv"), "step,train_loss,val_loss\n10,0.1,\n12,,\n");
}

TEST(MetricsCsv, AnEmptyFileGetsItsHeader) {
  const TempDir dir;
  test::write(dir / "metrics.csv", "");
  Csv(dir / "metrics.csv");
  EXPECT_EQ(content(dir / "metrics.csv"), "step,train_loss,val_loss\n");
}

TEST(MetricsCsv, AFileThatIsNotUnderstoodIsSetAsideAndItsRowsThatAreAreTakenOver) {
  const std::string header = "step,train_loss,val_loss\n";
  for (const auto& [text, rest] : {std::pair<std::string, std::string>{"step,loss\n1,2\n", header},
                                   {"step,train_loss,val_loss,more\n", header},
                                   {"step,train_loss,val_loss", header},
                                   {"x", header},
                                   {header + "1,0.5,\nten,1,\n2,0.4,\n", header + "1,0.5,\n2,0.4,\n"},
                                   {header + "1,0.5,\n\n", header + "1,0.5,\n"}}) {
    const TempDir dir;
    test::write(dir / "metrics.csv", text);
    Csv csv(dir / "metrics.csv", 100);
    EXPECT_EQ(content(dir / "metrics.csv.old"), text);
    EXPECT_EQ(content(dir / "metrics.csv"), rest);
    ASSERT_EQ(csv.told.size(), 1u);
    EXPECT_THAT(csv.told[0], testing::HasSubstr((dir / "metrics.csv.old").string()));
    csv.row({{"step", 101}});
    EXPECT_EQ(content(dir / "metrics.csv"), rest + "101,,\n");
  }
}

TEST(MetricsCsv, WhatWasSetAsideBeforeStays) {
  const TempDir dir;
  for (const std::string text : {"one", "two", "three"}) {
    test::write(dir / "metrics.csv", text);
    const Csv csv(dir / "metrics.csv");
  }
  EXPECT_EQ(content(dir / "metrics.csv.old"), "one");
  EXPECT_EQ(content(dir / "metrics.csv.old.1"), "two");
  EXPECT_EQ(content(dir / "metrics.csv.old.2"), "three");
}

TEST(MetricsCsv, UnknownColumnsAreBugs) {
  const TempDir dir;
  const auto tell = [](const std::string&) {};
  EXPECT_THROW(MetricsCsv(dir / "a.csv", {"loss"}, 0, tell), std::invalid_argument);
  EXPECT_THROW(MetricsCsv(dir / "a.csv", {"step", "a,b"}, 0, tell), std::invalid_argument);
  Csv csv(dir / "a.csv");
  EXPECT_THROW(csv.row({{"step", 1}, {"other", 1}}), std::invalid_argument);
  EXPECT_THROW(csv.row({{"val_loss", 1}}), std::invalid_argument);
}

TEST(MetricsCsv, WithoutAFolderItIsToldOnceAndNothingIsThrown) {
  const TempDir dir;
  Csv csv(dir / "absent/metrics.csv");
  csv.row({{"step", 1}});
  csv.row({{"step", 2}});
  ASSERT_EQ(csv.told.size(), 1u);
  EXPECT_THAT(csv.told[0], testing::HasSubstr("absent/metrics.csv: No such file"));
}

TEST(MetricsCsv, RowsThatFoundNoRoomFollowWhenThereIsSome) {
  const TempDir dir;
  const std::string path = dir / "metrics.csv";
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit room{40, RLIM_INFINITY};
    Csv csv(path);
    ::setrlimit(RLIMIT_FSIZE, &room);
    csv.row({{"step", 1}, {"train_loss", 0.5}});  // with the header 32 bytes
    csv.row({{"step", 2}, {"train_loss", 0.123456789}});
    if (content(path) != "step,train_loss,val_loss\n1,0.5,\n" || csv.told.size() != 1) ::_exit(1);
    room.rlim_cur = RLIM_INFINITY;
    ::setrlimit(RLIMIT_FSIZE, &room);
    csv.csv.finish();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(content(path), "step,train_loss,val_loss\n1,0.5,\n2,0.123456789,\n");
}

}  // namespace
}  // namespace tlaunch
