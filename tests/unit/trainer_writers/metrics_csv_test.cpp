#include "trainer/metrics_csv.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/error.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch {
namespace {

using test::content;
using test::TempDir;

const std::vector<std::string> columns{"step", "train_loss", "val_loss"};

TEST(MetricsCsv, WritesOneHeaderAndShortestNumbers) {
  const TempDir dir;
  MetricsCsv csv(dir / "metrics.csv", columns, 0);
  csv.row({{"step", 1}, {"train_loss", 0.1}});
  csv.row({{"step", 1'000'000}, {"val_loss", 1.0 / 3}, {"train_loss", 2}});
  csv.row({{"step", 1'000'001}, {"train_loss", std::numeric_limits<double>::quiet_NaN()}, {"val_loss", -1e300}});
  EXPECT_EQ(content(dir / "metrics.csv"),
            "step,train_loss,val_loss\n1,0.1,\n1000000,2,0.3333333333333333\n1000001,nan,-1e+300\n");
}

TEST(MetricsCsv, EveryNumberReadsBackTheSame) {
  const TempDir dir;
  MetricsCsv csv(dir / "metrics.csv", columns, 0);
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
    MetricsCsv csv(dir / "metrics.csv", columns, 0);
    for (int step : {10, 20, 30, 40}) csv.row({{"step", step}, {"train_loss", step / 100.0}});
  }
  MetricsCsv csv(dir / "metrics.csv", columns, 20);
  EXPECT_EQ(content(dir / "metrics.csv"), "step,train_loss,val_loss\n10,0.1,\n20,0.2,\n");
  csv.row({{"step", 30}, {"train_loss", 7}});
  EXPECT_EQ(content(dir / "metrics.csv"), "step,train_loss,val_loss\n10,0.1,\n20,0.2,\n30,7,\n");
  EXPECT_THAT(test::names(dir), testing::ElementsAre("metrics.csv"));
}

TEST(MetricsCsv, ResumeDropsALineCutShort) {
  const TempDir dir;
  test::write(dir / "metrics.csv", "step,train_loss,val_loss\n10,0.1,\n11,0.");
  MetricsCsv(dir / "metrics.csv", columns, 100).row({{"step", 12}});
  EXPECT_EQ(content(dir / "metrics.csv"), "step,train_loss,val_loss\n10,0.1,\n12,,\n");
}

TEST(MetricsCsv, AnEmptyFileGetsItsHeader) {
  const TempDir dir;
  test::write(dir / "metrics.csv", "");
  MetricsCsv(dir / "metrics.csv", columns, 0);
  EXPECT_EQ(content(dir / "metrics.csv"), "step,train_loss,val_loss\n");
}

TEST(MetricsCsv, AnotherFileIsNotTouched) {
  const TempDir dir;
  for (const std::string text : {"step,loss\n1,2\n", "step,train_loss,val_loss,more\n", "step,train_loss,val_loss", "x",
                                 "step,train_loss,val_loss\nten,1,\n", "step,train_loss,val_loss\n\n"}) {
    test::write(dir / "metrics.csv", text);
    try {
      MetricsCsv(dir / "metrics.csv", columns, 100);
      ADD_FAILURE() << text;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr((dir / "metrics.csv:").string()));
    }
    EXPECT_EQ(content(dir / "metrics.csv"), text);
  }
}

TEST(MetricsCsv, UnknownColumnsAreBugs) {
  const TempDir dir;
  EXPECT_THROW(MetricsCsv(dir / "a.csv", {"loss"}, 0), std::invalid_argument);
  EXPECT_THROW(MetricsCsv(dir / "a.csv", {"step", "a,b"}, 0), std::invalid_argument);
  MetricsCsv csv(dir / "a.csv", columns, 0);
  EXPECT_THROW(csv.row({{"step", 1}, {"other", 1}}), std::invalid_argument);
  EXPECT_THROW(csv.row({{"val_loss", 1}}), std::invalid_argument);
}

TEST(MetricsCsv, WithoutAFolderIsAnIoError) {
  const TempDir dir;
  EXPECT_THROW(MetricsCsv(dir / "absent/metrics.csv", columns, 0), IoError);
}

TEST(MetricsCsv, ARowThatDoesNotFitIsTakenBack) {
  const TempDir dir;
  const std::string path = dir / "metrics.csv";
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit room{40, 40};
    MetricsCsv csv(path, columns, 0);  // 25 bytes
    ::setrlimit(RLIMIT_FSIZE, &room);
    csv.row({{"step", 1}, {"train_loss", 0.5}});  // 7 bytes
    try {
      csv.row({{"step", 2}, {"train_loss", 0.123456789}});
      ::_exit(1);
    } catch (const IoError&) {
      ::_exit(0);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(content(path), "step,train_loss,val_loss\n1,0.5,\n");
}

}  // namespace
}  // namespace tlaunch
