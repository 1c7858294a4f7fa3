#include "hardware/profile.h"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

TEST(Profile, ProbeOfThisMachineIsComplete) {
  const HardwareProfile profile = probe(".");
  EXPECT_GE(profile.cpu.allowed_cores, 1);
  EXPECT_GT(profile.memory_limit_bytes, 0u);
  EXPECT_LE(profile.memory_available_bytes, profile.memory_limit_bytes);
  EXPECT_TRUE(profile.disk_path.starts_with("/"));
  if (profile.gpus.empty()) {
    EXPECT_FALSE(profile.notes.empty()) << "no GPU and no note about it";
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
              "memory_free_bytes": 41, "compute_capability": "8.0", "mig": false, "mig_instances": [],
              "processes": []}],
    "cpu": {"model": "AMD EPYC", "allowed_cores": 2, "features": ["avx2"], "numa_nodes": []},
    "memory_limit_bytes": 24, "disk": {"path": "/runs", "free_bytes": 7}, "wsl2": false,
    "driver_version": "580.65.06", "notes": ["a note"]})"));
}

TEST(Profile, JsonHasWhatIsKnownBeyondThat) {
  HardwareProfile profile;
  GpuInfo& gpu = profile.gpus.emplace_back();
  gpu.pcie = {4, 16};
  gpu.nvlink_links = 12;
  gpu.pci_bus_id = "00000000:3B:00.0";
  gpu.numa_node = 1;
  gpu.mig = true;
  gpu.mig_instances = {{"A100 MIG 1g.5gb", "MIG-1", 5, 4}};
  gpu.processes = {{7, "python3", 9}, {8, "", std::nullopt}};
  profile.cpu.numa_nodes = {{0, {0, 1}}, {1, {2}}};
  profile.cpu.physical_cores = 2;
  profile.disk_type = "ext4";
  profile.disk_write_bytes_per_s = 5e8;
  profile.slurm = {.job_id = "17", .node_list = "n[1-2]", .nodes = 2, .time_left_s = 60};
  const Json json = to_json(profile);
  EXPECT_EQ(json["gpus"][0]["pcie"], Json::parse(R"({"generation": 4, "width": 16})"));
  EXPECT_EQ(json["gpus"][0]["nvlink_links"], 12);
  EXPECT_EQ(json["gpus"][0]["pci_bus_id"], "00000000:3B:00.0");
  EXPECT_EQ(json["gpus"][0]["numa_node"], 1);
  EXPECT_EQ(json["gpus"][0]["mig"], true);
  EXPECT_EQ(json["gpus"][0]["mig_instances"],
            Json::parse(
                R"([{"name": "A100 MIG 1g.5gb", "uuid": "MIG-1", "memory_total_bytes": 5, "memory_free_bytes": 4}])"));
  EXPECT_EQ(json["gpus"][0]["processes"],
            Json::parse(R"([{"pid": 7, "name": "python3", "used_bytes": 9}, {"pid": 8}])"));
  EXPECT_EQ(json["cpu"]["numa_nodes"], Json::parse(R"([{"id": 0, "cores": [0, 1]}, {"id": 1, "cores": [2]}])"));
  EXPECT_EQ(json["cpu"]["physical_cores"], 2);
  EXPECT_EQ(json["disk"]["type"], "ext4");
  EXPECT_EQ(json["disk"]["write_bytes_per_s"], 5e8);
  EXPECT_EQ(json["slurm"], Json::parse(R"({"job_id": "17", "node_list": "n[1-2]", "nodes": 2, "time_left_s": 60.0})"));
}

TEST(Profile, TheDiskIsMeasuredOnlyWhenAsked) {
  test::TempDir folder;
  HardwareProfile profile = probe(folder.path().string());
  EXPECT_FALSE(profile.disk_write_bytes_per_s);
  measure_disk(profile);
  EXPECT_TRUE(profile.disk_write_bytes_per_s) << ::testing::PrintToString(profile.notes);
  profile.disk_path = (folder / "gone").string();
  measure_disk(profile);
  EXPECT_FALSE(profile.disk_write_bytes_per_s);
  EXPECT_THAT(profile.notes, ::testing::Contains(::testing::HasSubstr("not measured")));
}

TEST(Profile, JsonOfABareMachineHasEmptyListsNotNulls) {
  const Json json = to_json(HardwareProfile{});
  EXPECT_TRUE(json.at("gpus").is_array());
  EXPECT_TRUE(json.at("cpu").at("features").is_array());
  EXPECT_TRUE(json.at("notes").is_array());
}

}  // namespace
}  // namespace tlaunch
