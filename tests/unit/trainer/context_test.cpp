#include "trainer/ranks/context.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace tlaunch {
namespace {

// Counts the questions for the number of cards, each of which would start the driver.
class CountedCards : public testing::Test {
 protected:
  WorkerContext read(std::map<std::string, std::string> environment, int cards) {
    return context_from_environment(
        [&](const std::string& name) -> std::optional<std::string> {
          const auto found = environment.find(name);
          return found == environment.end() ? std::nullopt : std::optional(found->second);
        },
        [&, cards] {
          ++asked_;
          return cards;
        });
  }
  int asked_ = 0;
};

TEST_F(CountedCards, AreNotAskedForByARankOfTheCpu) {
  EXPECT_TRUE(read({{"TLAUNCH_DEVICE", "cpu"}}, 4).device.is_cpu());
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(read({}, 4).device, torch::Device(torch::kCUDA, 0));
  EXPECT_TRUE(read({}, 0).device.is_cpu());
}

TEST_F(CountedCards, AreSharedOnlyOverGloo) {
  const std::map<std::string, std::string> third{
      {"RANK", "2"}, {"WORLD_SIZE", "3"}, {"LOCAL_RANK", "2"}, {"MASTER_PORT", "29500"}, {"TLAUNCH_DEVICE", "cuda"}};
  EXPECT_THROW(read(third, 2), UsageError);
  auto shared = third;
  shared["TLAUNCH_CUDA_BACKEND"] = "gloo";
  const auto context = read(shared, 2);
  EXPECT_EQ(context.device, torch::Device(torch::kCUDA, 0));
  EXPECT_TRUE(context.cuda_over_gloo);
  shared["TLAUNCH_CUDA_BACKEND"] = "mpi";
  EXPECT_THROW(read(shared, 2), UsageError);
}

TEST_F(CountedCards, WhereThereIsNoneLibTorchsReasonIsTold) {
  if (cuda_device_count() > 0) GTEST_SKIP() << "this machine has a card";
  try {
    read({{"TLAUNCH_DEVICE", "cuda"}}, 0);
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find(cuda_problem()), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
  EXPECT_GT(cuda_problem().size(), 10u);
}

}  // namespace
}  // namespace tlaunch
