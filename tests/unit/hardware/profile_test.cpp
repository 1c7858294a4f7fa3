#include "hardware/profile.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

TEST(Profile, ProbeOfThisMachineIsComplete) {
  const HardwareProfile profile = probe(".");
  EXPECT_GE(profile.cpu.allowed_cores, 1);
  EXPECT_GT(profile.memory_limit_bytes, 0u);
  EXPECT_LE(profile.memory_available_bytes, profile.memory_limit_bytes);
  EXPECT_TRUE(profile.disk_path.starts_with("/"));
  if (profile.gpus.empty()) {
    EXPECT_FALSE(profile.notes.empty()) << "no GPU and no word about it";
  }
}

TEST(Profile, JsonHasTheFieldsScriptsRelyOn) {
  HardwareProfile profile;
  profile.gpus.push_back({"NVIDIA A100-SXM4-40GB", "GPU-1", "high_end", 42, 41, 8, 0});
  profile.driver_version = "580.65.06";
  profile.cpu = {"AMD EPYC", 2, {"avx2"}};
  profile.memory_limit_bytes = 24;
  profile.disk_path = "/runs";
  profile.disk_free_bytes = 7;
  profile.notes = {"a note"};
  EXPECT_EQ(to_json(profile), Json::parse(R"({
    "gpus": [{"name": "NVIDIA A100-SXM4-40GB", "uuid": "GPU-1", "tier": "high_end", "memory_total_bytes": 42,
              "memory_free_bytes": 41, "compute_capability": "8.0"}],
    "cpu": {"model": "AMD EPYC", "allowed_cores": 2, "features": ["avx2"]},
    "memory_limit_bytes": 24, "disk": {"path": "/runs", "free_bytes": 7}, "wsl2": false,
    "driver_version": "580.65.06", "notes": ["a note"]})"));
}

TEST(Profile, JsonOfABareMachineHasEmptyListsNotNulls) {
  const Json json = to_json(HardwareProfile{});
  EXPECT_TRUE(json.at("gpus").is_array());
  EXPECT_TRUE(json.at("cpu").at("features").is_array());
  EXPECT_TRUE(json.at("notes").is_array());
}

}  // namespace
}  // namespace tlaunch
