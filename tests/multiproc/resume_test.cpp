// A run resumed in the middle of an epoch ends as the uninterrupted run: the final checkpoints (parameters, optimizer,
// generators, sampler position) are equal byte for byte, and so is the loss log. Fashion-MNIST with augmentation.
#include <gtest/gtest.h>

#include "checkpoint/catalog.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch::test {
namespace {

constexpr const char* fashion_mnist = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

class Resume : public testing::TestWithParam<int> {
 protected:
  // 12 steps of 96 samples, saved at 5 and 10 and at the end; the epoch has 625 steps, so all of it is mid-epoch.
  Outcome train(const std::string& tag, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--nproc", std::to_string(GetParam()), "--run-dir", scratch_ / tag};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::vector<std::string> job{
        source_dir() / "configs/fashion_mnist.yaml", "tune.enabled=false", "train.max_steps=12", "train.effective_batch_size=96",
        "model.width=8", "checkpoint.every_n_steps=5", "eval.every_n_steps=100", "log.log_interval=1"};
    arguments.insert(arguments.end(), job.begin(), job.end());
    return run_tlaunch(arguments);
  }

  fs::path checkpoint(const std::string& tag, std::int64_t step) {
    for (const auto& info : list_checkpoints(scratch_ / tag / "checkpoints"))
      if (info.step == step) return info.path;
    ADD_FAILURE() << "no checkpoint of step " << step << " in " << tag;
    return {};
  }

  // metrics.csv without its column of rates, which no two runs share.
  std::string losses(const std::string& tag) {
    std::istringstream lines(content(scratch_ / tag / "metrics.csv"));
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream cells(line);
      std::string cell;
      for (int column = 0; std::getline(cells, cell, ','); ++column)
        if (column != 4) kept += cell + ",";
      kept += "\n";
    }
    return kept;
  }

  TempDir scratch_;
};

TEST_P(Resume, InMidEpochEndsByteForByteAsTheUninterruptedRun) {
  if (!fs::exists(fashion_mnist)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  const auto whole = train("whole");
  ASSERT_EQ(whole.code, 0) << whole.err;
  const auto part = train("part");
  ASSERT_EQ(part.code, 0) << part.err;
  EXPECT_EQ(content(checkpoint("whole", 12)), content(checkpoint("part", 12))) << "two equal runs differ already";

  for (const auto step : {12, 10}) fs::remove(checkpoint("part", step));
  const auto resumed = train("part", {"--resume", "auto"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(content(checkpoint("whole", 10)), content(checkpoint("part", 10)));
  EXPECT_EQ(content(checkpoint("whole", 12)), content(checkpoint("part", 12)));
  EXPECT_EQ(losses("whole"), losses("part"));
}

INSTANTIATE_TEST_SUITE_P(Ranks, Resume, testing::Values(1, 2, 3),
                         [](const auto& info) { return std::to_string(info.param); });

}  // namespace
}  // namespace tlaunch::test
