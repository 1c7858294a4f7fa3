#include "trainer/context.h"

#include <gtest/gtest.h>

#include <map>

#include "core/error.h"

namespace tlaunch {
namespace {

WorkerContext read(const std::map<std::string, std::string>& environment) {
  return context_from_environment([&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(Context, WithoutRankIsASingleProcess) {
  const auto context = read({{"TLAUNCH_DEVICE", "cpu"}});
  EXPECT_EQ(context.world_size, 1);
  EXPECT_TRUE(context.is_main());
  EXPECT_TRUE(context.device.is_cpu());
}

TEST(Context, ReadsTorchrunsVariables) {
  const auto context = read({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "3"}, {"WORLD_SIZE", "4"}, {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "2"}, {"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "29500"}});
  EXPECT_EQ(context.rank, 3);
  EXPECT_EQ(context.local_rank, 1);
  EXPECT_EQ(context.master_port, 29500);
  EXPECT_FALSE(context.is_main());
}

void expect_refused(const std::map<std::string, std::string>& environment, const std::string& named) {
  try {
    read(environment);
    ADD_FAILURE() << "accepted; expected an error that names " << named;
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
  }
}

TEST(Context, NamesTheVariableThatIsMissingOrNoNumber) {
  expect_refused({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "0"}}, "WORLD_SIZE");
  expect_refused({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "one"}, {"WORLD_SIZE", "2"}}, "RANK='one'");
  expect_refused({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "2"}, {"WORLD_SIZE", "2"}}, "RANK=2");
  expect_refused({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "0"}, {"WORLD_SIZE", "2"}}, "MASTER_PORT");
  expect_refused({{"TLAUNCH_DEVICE", "tpu"}}, "TLAUNCH_DEVICE");
}

}  // namespace
}  // namespace tlaunch
