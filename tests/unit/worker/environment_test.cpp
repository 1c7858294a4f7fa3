#include "worker/environment.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace tlaunch {
namespace {

WorkerEnvironment read(const std::map<std::string, std::string>& variables) {
  return read_worker_environment([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(WorkerEnvironment, WithoutRankIsASingleProcess) {
  const auto environment = read({});
  EXPECT_EQ(environment.world_size, 1);
  EXPECT_TRUE(environment.is_main());
  EXPECT_FALSE(environment.events.connected());
  EXPECT_EQ(environment.run_dir, "");
}

TEST(WorkerEnvironment, ReadsTorchrunsVariables) {
  const auto environment = read({{"TLAUNCH_DEVICE", "cpu"},
                                 {"RANK", "3"},
                                 {"WORLD_SIZE", "4"},
                                 {"LOCAL_RANK", "1"},
                                 {"LOCAL_WORLD_SIZE", "2"},
                                 {"MASTER_ADDR", "10.0.0.1"},
                                 {"MASTER_PORT", "29500"}});
  EXPECT_EQ(environment.rank, 3);
  EXPECT_EQ(environment.local_rank, 1);
  EXPECT_EQ(environment.master_port, 29500);
  EXPECT_FALSE(environment.is_main());
}

TEST(WorkerEnvironment, ReadsWhatTheLauncherAsks) {
  const auto environment = read({{"TLAUNCH_DEVICE", "cuda"},
                                 {"TLAUNCH_RUN_DIR", "/runs/a"},
                                 {"TLAUNCH_RESUME", "/runs/a/checkpoints/last.safetensors"},
                                 {"TLAUNCH_HEARTBEAT_S", "0.5"},
                                 {"TLAUNCH_STORE_FD", "7"}});
  EXPECT_EQ(environment.device_asked, "cuda");
  EXPECT_EQ(environment.run_dir, "/runs/a");
  EXPECT_EQ(environment.resume_path, "/runs/a/checkpoints/last.safetensors");
  EXPECT_EQ(environment.heartbeat_s, 0.5);
  EXPECT_EQ(environment.store_fd, 7);
}

void expect_refused(const std::map<std::string, std::string>& environment, const std::string& named) {
  try {
    read(environment);
    ADD_FAILURE() << "accepted; expected an error that names " << named;
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
  }
}

TEST(WorkerEnvironment, NamesTheVariableThatIsMissingOrNoNumber) {
  expect_refused({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "0"}}, "WORLD_SIZE");
  expect_refused({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "one"}, {"WORLD_SIZE", "2"}}, "RANK='one'");
  expect_refused({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "2"}, {"WORLD_SIZE", "2"}}, "RANK=2");
  expect_refused({{"TLAUNCH_DEVICE", "cpu"}, {"RANK", "0"}, {"WORLD_SIZE", "2"}}, "MASTER_PORT");
  expect_refused({{"TLAUNCH_DEVICE", "tpu"}}, "TLAUNCH_DEVICE");
  expect_refused({{"TLAUNCH_HEARTBEAT_S", "often"}}, "TLAUNCH_HEARTBEAT_S");
}

}  // namespace
}  // namespace tlaunch
