#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <sstream>

#include "child_process.h"
#include "core/json.h"
#include "launcher/environment.h"
#include "launcher/rendezvous.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

using testing::Contains;
using testing::Not;

EnvironmentSpec spec_of(int rank, int world, int cores) {
  EnvironmentSpec spec;
  spec.local_rank = rank;
  spec.local_world_size = world;
  spec.allowed_cores = cores;
  spec.master_address = "127.0.0.1";
  spec.master_port = 4242;
  return spec;
}

TEST(TorchrunEnvironment, SharesTheCoresAmongTheRanks) {
  EXPECT_EQ(torchrun_environment(spec_of(0, 2, 9)).at("OMP_NUM_THREADS"), "4");
  EXPECT_EQ(torchrun_environment(spec_of(0, 4, 2)).at("OMP_NUM_THREADS"), "1");
}

TEST(TorchrunEnvironment, KeepsWhatTheUserSet) {
  EnvironmentSpec spec = spec_of(1, 2, 8);
  spec.omp_num_threads = "3";
  spec.nccl_async_error_handling = "0";
  EXPECT_EQ(torchrun_environment(spec).at("OMP_NUM_THREADS"), "3");
  EXPECT_EQ(torchrun_environment(spec).at("TORCH_NCCL_ASYNC_ERROR_HANDLING"), "0");
}

TEST(WorkerEnvironment, LeavesOutWhatAnOuterLauncherToldItsWorker) {
  ::setenv("TLAUNCH_RESUME", "/outer.safetensors", 1);
  ::setenv("PLAIN_VARIABLE", "old", 1);
  const auto environment = worker_environment({{"PLAIN_VARIABLE", "new"}, {"RANK", "1"}});
  ::unsetenv("TLAUNCH_RESUME");
  ::unsetenv("PLAIN_VARIABLE");
  EXPECT_THAT(environment, Contains("PLAIN_VARIABLE=new"));
  EXPECT_THAT(environment, Contains("RANK=1"));
  EXPECT_THAT(environment, Not(Contains("PLAIN_VARIABLE=old")));
  EXPECT_THAT(environment, Not(Contains("TLAUNCH_RESUME=/outer.safetensors")));
}

// The contract itself: the same variables with the same values as the torchrun that is installed.
TEST(TorchrunEnvironment, EqualsWhatTorchrunItselfSets) {
  const char* source = std::getenv("TLAUNCH_SOURCE_DIR");
  const std::string torchrun = std::string(source ? source : ".") + "/.venv/bin/torchrun";
  if (::access(torchrun.c_str(), X_OK) != 0) GTEST_SKIP() << "no " << torchrun;
  const test::TempDir folder;
  const std::string script = folder / "dump.py";
  test::write(script,
              "import json, os, sys\n"
              "sys.stdout.write('ENV ' + json.dumps(dict(os.environ)) + '\\n')\n");
  test::ChildProcess torch({"env", "-u", "OMP_NUM_THREADS", torchrun, "--nproc_per_node", "2", "--master_port", "0", script});
  const auto theirs = torch.wait(120);
  ASSERT_EQ(theirs.exit_code, 0) << theirs.err;
  // Whether what torchrun adds to the environment is what we add: names first, then values.
  const std::set<std::string> differ_by_design{"OMP_NUM_THREADS", "MASTER_PORT", "TORCHELASTIC_USE_AGENT_STORE",
                                               "TORCHELASTIC_ERROR_FILE"};
  int ranks = 0;
  std::istringstream lines(theirs.out);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("ENV ")) continue;
    ++ranks;
    const Json theirs_now = Json::parse(line.substr(4));
    const int rank = std::stoi(theirs_now.at("RANK").get<std::string>());
    const auto ours = torchrun_environment(spec_of(rank, 2, 2));
    for (const auto& [name, value] : theirs_now.items()) {
      const bool added = std::getenv(name.c_str()) == nullptr && name != "_" && name != "TLAUNCH_TEST_MARK";
      if (!added || differ_by_design.contains(name)) continue;
      ASSERT_TRUE(ours.contains(name)) << name;
      EXPECT_EQ(ours.at(name), value.get<std::string>()) << name;
    }
    for (const auto& [name, value] : ours) EXPECT_TRUE(theirs_now.contains(name)) << name;
  }
  EXPECT_EQ(ranks, 2);
}

// Whether a server with SO_REUSEADDR, as torch.distributed's store is, can listen on the port.
bool can_serve_on(int port) {
  const Descriptor server(::socket(AF_INET, SOCK_STREAM, 0));
  const int on = 1;
  ::setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  return ::bind(server.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 && ::listen(server.get(), 1) == 0;
}

TEST(Rendezvous, AHeldPortIsForTheProgramThatAsksForItByNumber) {
  const Rendezvous held = hold_port();
  EXPECT_TRUE(can_serve_on(held.port));
  const Rendezvous listening = listen_on_loopback();
  EXPECT_FALSE(can_serve_on(listening.port));
}

TEST(Rendezvous, NoTwoGroupsGetTheSamePort) {
  std::vector<Rendezvous> held;
  std::set<int> ports;
  for (int i = 0; i < 300; ++i) {
    held.push_back(i % 2 ? hold_port() : listen_on_loopback());
    ports.insert(held.back().port);
  }
  EXPECT_EQ(ports.size(), held.size());
}

}  // namespace
}  // namespace tlaunch
