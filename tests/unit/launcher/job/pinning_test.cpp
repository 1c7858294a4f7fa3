// Pinned ranks, checked with the kernel's own list of cores. The tests hold on any machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "hardware/cpu.h"
#include "hardware/numa.h"
#include "launcher/job/worker_group.h"
#include "processes/group/supervise.h"
#include "tests/support/run_tlaunch.h"
#include "tests/unit/launcher/fake_driver.h"

namespace tlaunch {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* tell = "grep Cpus_allowed_list /proc/self/status; echo threads $OMP_NUM_THREADS";

// The line of each rank: [rank N] Cpus_allowed_list:\tLIST
std::vector<std::vector<int>> cores_told(const std::string& out) {
  std::vector<std::vector<int>> cores(2);
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t tab = line.find("list:\t");
    if (tab == std::string::npos) continue;
    cores.at(line.starts_with("[rank 1]") ? 1 : 0) = numbers_of_list(line.substr(tab + 6), 1 << 20);
  }
  return cores;
}

bool has_all(const std::vector<int>& of, const std::vector<int>& part) {
  return std::includes(of.begin(), of.end(), part.begin(), part.end());
}
bool has_some(const std::vector<int>& of, const std::vector<int>& part) {
  return std::find_first_of(of.begin(), of.end(), part.begin(), part.end()) != of.end();
}

TEST(Pinning, AWorkerAndItsChildrenKeepToTheirCores) {
  const std::vector<int> allowed = affinity_cores();
  std::vector<std::vector<int>> told(2);
  GroupSpec group;
  group.show_output = false;
  group.workers.resize(2);
  for (WorkerSpec& worker : group.workers) worker.argv = {"sh", "-c", tell};
  group.workers[1].cores = {allowed.back()};
  GroupCallbacks callbacks;
  callbacks.on_line = [&](int rank, const std::string& line) {
    if (line.starts_with("Cpus_"))
      told.at(static_cast<std::size_t>(rank)) = numbers_of_list(line.substr(line.find('\t') + 1), 1 << 20);
  };
  EXPECT_EQ(run_group(group, callbacks).exit_code, 0);
  EXPECT_EQ(told[0], allowed);
  EXPECT_EQ(told[1], std::vector<int>{allowed.back()});
}

TEST(Pinning, CoresThatAreGoneAreToldAndDoNotStopTheWorker) {
  std::string told;
  GroupSpec group;
  group.show_output = false;
  group.workers.resize(1);
  group.workers[0].argv = {"echo", "runs"};
  group.workers[0].cores = {1 << 19};
  GroupCallbacks callbacks;
  callbacks.on_line = [&](int, const std::string& line) { told += line + "\n"; };
  EXPECT_EQ(run_group(group, callbacks).exit_code, 0);
  EXPECT_THAT(told, HasSubstr("tlaunch: cannot pin this rank to its cores"));
  EXPECT_THAT(told, HasSubstr("runs\n"));
}

TEST(Pinning, RankNsCardIsTheNthThatWasListed) {
  PreparedJob job;
  job.world = {1, true};
  job.placement.ranks.resize(1);
  const auto given = [&](const char* name) {
    const auto environment = worker_group({job, {}}, {}).spec.workers.at(0).environment;
    const auto found = environment.find(name);
    return found == environment.end() ? "as it was" : found->second;
  };
  EXPECT_EQ(given("CUDA_DEVICE_ORDER"), "PCI_BUS_ID");
  EXPECT_EQ(given("CUDA_VISIBLE_DEVICES"), "as it was");
  ::setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST", 1);
  EXPECT_EQ(given("CUDA_DEVICE_ORDER"), "PCI_BUS_ID") << "cores and capability were looked up in this order";
  ::unsetenv("CUDA_DEVICE_ORDER");
}

TEST(Pinning, ARankOnTheCpuSeesNoCard) {
  PreparedJob job;
  job.world = {2, false};
  job.placement.ranks.resize(2);
  for (const auto& worker : worker_group({job, {}}, {}).spec.workers)
    EXPECT_EQ(worker.environment.at("CUDA_VISIBLE_DEVICES"), "") << "or autograd starts CUDA in it";
}

class NumaOption : public testing::Test {
 protected:
  NumaOption() {
    driver_.mode("no_card");  // the same with and without GPUs here
    if (const char* set = std::getenv("OMP_NUM_THREADS")) threads_ = set;
    ::unsetenv("OMP_NUM_THREADS");
  }
  ~NumaOption() override {
    if (threads_) ::setenv("OMP_NUM_THREADS", threads_->c_str(), 1);
  }
  test::FakeDriver driver_;
  std::optional<std::string> threads_;
};

TEST_F(NumaOption, RanksKeepToWholeNodesOfTheirOwn) {
  const auto run = test::run_tlaunch({"--numa", "node", "--nproc", "2", "--no-python", "sh", "-c", tell});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto told = cores_told(run.out);
  const auto allowed = affinity_cores();
  const auto nodes = numa_nodes(system_files(), allowed);
  if (nodes.empty()) {
    EXPECT_THAT(run.err, HasSubstr("no NUMA nodes"));
    return;
  }
  for (const auto& cores : told) {
    EXPECT_FALSE(cores.empty());
    EXPECT_TRUE(has_all(allowed, cores));
    for (const NumaNode& node : nodes)
      EXPECT_EQ(has_all(cores, node.cores), has_some(cores, node.cores)) << "node " << node.id;
    EXPECT_THAT(run.err, HasSubstr(", cores " + list_of_numbers(cores) + ": "));
  }
  const bool equal = nodes.size() > 1 && nodes[0].cores.size() == nodes[1].cores.size();
  EXPECT_FALSE(equal && has_some(told[0], told[1]));
}

TEST_F(NumaOption, ThreadsAreTheSharedCoresUnlessTheUserSaysOtherwise) {
  // One core is one node's: two ranks share it, and have a thread each.
  const auto on_one_core = [](const std::vector<std::string>& variables) {
    std::vector<std::string> argv{"/usr/bin/env"};
    argv.insert(argv.end(), variables.begin(), variables.end());
    const std::vector<std::string> rest{"taskset",
                                        "-c",
                                        std::to_string(affinity_cores().back()),
                                        test::program("tlaunch").string(),
                                        "--numa",
                                        "node",
                                        "--nproc",
                                        "2",
                                        "--no-python",
                                        "sh",
                                        "-c",
                                        tell};
    argv.insert(argv.end(), rest.begin(), rest.end());
    const test::TempDir captured;
    EXPECT_EQ(test::wait_code(test::start(argv, captured / "out", captured / "err")), 0)
        << test::content(captured / "err");
    return test::content(captured / "out");
  };
  const std::string out = on_one_core({});
  EXPECT_THAT(out, HasSubstr("[rank 1] threads 1\n"));
  for (const auto& cores : cores_told(out)) EXPECT_EQ(cores, std::vector<int>{affinity_cores().back()});
  EXPECT_THAT(on_one_core({"OMP_NUM_THREADS=3"}), HasSubstr("[rank 1] threads 3\n"));
}

TEST_F(NumaOption, NothingIsPinnedUnlessAsked) {
  const auto run = test::run_tlaunch({"--nproc", "2", "--no-python", "sh", "-c", tell});
  for (const auto& cores : cores_told(run.out)) EXPECT_EQ(cores, affinity_cores());
  EXPECT_EQ(run.err, "");
}

}  // namespace
}  // namespace tlaunch
