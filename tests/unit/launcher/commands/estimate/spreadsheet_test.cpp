#include "launcher/commands/estimate/spreadsheet_output.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "estimate/spreadsheet_options.h"
#include "launcher/command_line.h"

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The figures that the command line reads from `arguments`.
Spreadsheet report(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "estimate");
  const Command command = parse_command_line(arguments, [](const std::string&) { return std::nullopt; });
  const auto& estimate = std::get<EstimateCommand>(command);
  return fill_in(figures_from(estimate.figures, estimate.deadline));
}

std::string refusal(const std::vector<std::string>& arguments) {
  try {
    report(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "taken";
}

TEST(EstimateFromFigures, HorizonsInKimg) {
  const Json json =
      to_json(report({"--throughput", "54-72kimg/h", "--kimg", "300,1000", "--checkpoint-every", "50kimg"}), {});
  ASSERT_EQ(json["horizons"].size(), 2u);
  EXPECT_EQ(json["horizons"][0]["label"], "300 kimg");
  EXPECT_NEAR(json["horizons"][0]["low_s"].get<double>(), 15000, 1e-6);
  EXPECT_NEAR(json["horizons"][0]["high_s"].get<double>(), 20000, 1e-6);
  EXPECT_EQ(json["checkpoints"]["count"], 6);
  EXPECT_NEAR(json["checkpoints"]["interval_low_s"].get<double>(), 2500, 1e-6);
}

TEST(EstimateFromFigures, DiskAndWhatFits) {
  const auto found = report({"--checkpoint-size", "6.9GB", "--epochs", "20,50", "--save-top-k", "3", "--every-n-epochs",
                             "5", "--save-last", "--base-size", "25GB", "--data-size=5.66GB", "--other-size", "1GB"});
  const Json json = to_json(found, 61'000'000'000);
  const Json& row = json["horizons"][0];
  EXPECT_EQ(row["checkpoint_bytes_low"], 20'700'000'000u);
  EXPECT_EQ(row["checkpoint_bytes_high"], 27'600'000'000u);
  EXPECT_EQ(row["disk_bytes_high"], 59'464'000'000u);
  EXPECT_EQ(row["fits"], false);  // while the next one is written: 66.4 GB
  EXPECT_EQ(to_json(found, 67'000'000'000)["horizons"][0]["fits"], true);
  EXPECT_THAT(to_text(found, 61'000'000'000),
              AllOf(HasSubstr("20.7 GB to 27.6 GB"), HasSubstr("138 GB"), HasSubstr("Free here: 61 GB")));
}

TEST(EstimateFromFigures, MoreDataTakesLongerAndNoMoreRoom) {
  const auto found =
      report({"--epochs", "20", "--steps-per-epoch", "171", "--step-time", "1.368s", "--checkpoint-size", "1GB"});
  ASSERT_EQ(found.horizons.size(), 1u);
  std::vector<double> hours;
  for (const auto& [factor, time] : found.horizons[0].more_data) hours.push_back(time.likely_s / 3600);
  EXPECT_THAT(hours, testing::Pointwise(testing::DoubleNear(0.05), {1.3, 2.6, 5.2, 13.0}));
}

TEST(EstimateFromFigures, WhatRemainsOfARunAfterAResume) {
  const std::vector<std::string> job{"--steps", "5702600", "--done", "843200"};
  const auto left_h = [&](std::vector<std::string> more) {
    more.insert(more.begin(), job.begin(), job.end());
    return report(more).remaining->likely_s / 3600;
  };
  EXPECT_NEAR(left_h({"--step-time", "145ms"}), 195.7, 0.05);
  EXPECT_NEAR(left_h({"--throughput", "6.8batches/s"}), 198.5, 0.05);
  EXPECT_NEAR(left_h({"--elapsed", "5680s", "--since-step", "805000"}), 200.7, 0.05);
  EXPECT_NEAR(left_h({"--elapsed", "7785s", "--start-up", "35min5s", "--since-step", "805000"}), 200.7, 0.05);
}

TEST(EstimateFromFigures, ADeadlineOfThreeDaysForAnEightDayJob) {
  const auto found = report({"--steps", "5702600", "--done", "843200", "--step-time", "145ms", "--deadline", "3d"});
  ASSERT_EQ(found.rules.size(), 3u);
  EXPECT_EQ(found.rules[0].condition, "it runs under DataParallel") << "the figures do not show this";
  EXPECT_NEAR(found.rules[0].time.low_s / 3600, 195.7 / 3, 0.1);  // one process per GPU: 65 to 98 h
  EXPECT_NEAR(found.rules[0].time.high_s / 3600, 195.7 / 2, 0.1);
  EXPECT_TRUE(found.rules[0].may_reach);
  EXPECT_FALSE(found.rules[0].reaches);
  EXPECT_NEAR(found.rules[1].time.low_s / 3600, 195.7 / 1.5, 0.1)
      << "a job that runs under DDP already gains only this";
  EXPECT_NEAR(found.rules[2].time.low_s / 3600, 195.7 / 1.5 / 1.15, 0.1);
  EXPECT_FALSE(found.rules[2].may_reach);
  EXPECT_THAT(to_text(found, {}), AllOf(HasSubstr("  if it runs under DataParallel: one DDP process per GPU"),
                                        HasSubstr("\n  an effective batch"), HasSubstr("\n  and cudnn.benchmark"),
                                        testing::Not(HasSubstr("not reachable"))));
  EXPECT_EQ(to_json(found, {})["deadline"]["changes"][0]["condition"], "it runs under DataParallel");
  EXPECT_TRUE(report({"--steps", "100", "--step-time", "1s", "--deadline", "3d"}).rules.empty());
  const auto in_vain = report({"--steps", "5702600", "--step-time", "145ms", "--deadline", "1h"});
  EXPECT_THAT(to_text(in_vain, {}), HasSubstr("not reachable"));
  EXPECT_EQ(to_json(in_vain, {})["deadline"]["reached"], false);
}

TEST(EstimateFromFigures, SaysWhatIsMissing) {
  EXPECT_THAT(refusal({"--kimg", "300"}), HasSubstr("--throughput"));
  EXPECT_THAT(refusal({"--kimg", "300", "--throughput", "5steps/s"}), HasSubstr("in samples"));
  EXPECT_THAT(refusal({"--epochs", "5"}), AllOf(HasSubstr("--checkpoint-size"), HasSubstr("--step-time")));
  EXPECT_THAT(refusal({"--epochs", "5,x", "--checkpoint-size", "1GB"}), HasSubstr("as 5,10,20"));
  EXPECT_THAT(refusal({"--steps", "10"}), HasSubstr("--elapsed"));
  EXPECT_THAT(refusal({"--steps", "10", "--elapsed", "5s"}), HasSubstr("--done"));
  EXPECT_THAT(refusal({"--steps", "10", "--done", "20", "--step-time", "1s"}), HasSubstr("more than --steps"));
  EXPECT_THAT(refusal({"--throughput", "5img/s"}), HasSubstr("horizon"));
  EXPECT_THAT(refusal({"--throughput", "5img/s", "--kimg", "3", "--phases", "5,3"}), HasSubstr("--phases"));
  EXPECT_THAT(refusal({"--throughput", "5img/s", "--kimg", "3,2", "--phases", "1,5"}),
              HasSubstr("the last phase ends at 5 kimg, the longest run of --kimg at 3 kimg"));
  EXPECT_THAT(refusal({"--horizons", "5", "--kimg", "3"}), HasSubstr("CONFIG.yaml"));
}

TEST(EstimateFromFigures, EveryOptionOfTheOtherFormIsRefused) {
  const std::vector<std::vector<std::string>> figures = {
      {"--throughput", "5img/s"}, {"--step-time", "1s"}, {"--kimg", "3"},         {"--epochs", "3"},
      {"--phases", "1,2"},        {"--steps", "1"},      {"--done", "1"},         {"--steps-per-epoch", "2"},
      {"--elapsed", "1s"},        {"--since-step", "1"}, {"--start-up", "1s"},    {"--checkpoint-size", "1GB"},
      {"--save-top-k", "1"},      {"--save-last"},       {"--data-size", "1GB"},  {"--checkpoint-every", "1kimg"},
      {"--base-size", "1GB"},     {"--log-size", "1GB"}, {"--other-size", "1GB"}, {"--every-n-epochs", "2"}};
  for (auto option : figures) {
    const std::string name = option.front();
    option.insert(option.begin(), "a.yaml");
    EXPECT_THAT(refusal(option), AllOf(HasSubstr(name + " "), HasSubstr("without a CONFIG.yaml"))) << name;
  }
  const std::vector<std::string> kimg{"--throughput", "5img/s", "--kimg", "3"};
  for (std::vector<std::string> option :
       {std::vector<std::string>{"--nproc", "2"}, {"--horizons", "3"}, {"--nproc_per_node=2"}, {"train.epochs=3"}}) {
    option.insert(option.end(), kimg.begin(), kimg.end());
    EXPECT_NE(refusal(option), "taken") << option.front();
  }
}

TEST(EstimateFromFigures, AFigureThatNothingIsComputedFromIsRefused) {
  const std::vector<std::string> kimg{"--throughput", "5img/s", "--kimg", "3"},
      steps{"--steps", "9", "--step-time", "1s"}, disk{"--checkpoint-size", "1GB", "--epochs", "3"};
  const auto with = [](std::vector<std::string> form, const std::vector<std::string>& more) {
    form.insert(form.end(), more.begin(), more.end());
    return refusal(form);
  };
  EXPECT_EQ(with(kimg, {}) + with(steps, {}) + with(disk, {}), "takentakentaken");
  EXPECT_THAT(with(steps, {"--phases", "1,2"}), HasSubstr("--phases needs --kimg"));
  EXPECT_THAT(with(disk, {"--checkpoint-every", "1kimg"}), HasSubstr("--checkpoint-every needs --kimg"));
  EXPECT_THAT(with(kimg, {"--step-time", "1s"}), HasSubstr("--step-time needs --steps or"));
  EXPECT_THAT(with(kimg, {"--done", "1"}), HasSubstr("--done needs --steps"));
  EXPECT_THAT(with(kimg, {"--save-top-k", "2"}), HasSubstr("--save-top-k needs --checkpoint-size"));
  EXPECT_THAT(with(kimg, {"--checkpoint-size", "1GB"}), HasSubstr("--checkpoint-size needs"));
  EXPECT_THAT(with(kimg, {"--every-n-epochs", "2"}), HasSubstr("--every-n-epochs needs --epochs"));
  EXPECT_THAT(with(steps, {"--start-up", "1s"}), HasSubstr("--start-up needs --elapsed"));
  EXPECT_THAT(with(steps, {"--since-step", "1"}), HasSubstr("--since-step needs --elapsed"));
  EXPECT_THAT(with(steps, {"--done", "3", "--elapsed", "1s"}), HasSubstr("one is enough"));
  EXPECT_THAT(with(disk, {"--steps-per-epoch", "3"}), HasSubstr("--steps-per-epoch needs --step-time"));
  EXPECT_THAT(with(disk, {"--throughput", "5img/s"}), HasSubstr("needs --kimg"));
}

}  // namespace
}  // namespace tlaunch
