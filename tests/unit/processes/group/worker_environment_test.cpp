#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/json.h"
#include "hardware/placement.h"
#include "processes/group/environment.h"
#include "processes/group/rendezvous.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

using testing::Contains;
using testing::Not;

EnvironmentSpec spec_of(int rank, int world, int cores) {
  EnvironmentSpec spec;
  spec.local_rank = rank;
  spec.local_world_size = world;
  CpuInfo cpu;
  cpu.allowed_cores = cores;
  spec.core_share = place_ranks(cpu, {}, world, NumaBinding::none).ranks[static_cast<std::size_t>(rank)].core_share;
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

// The environments of the ranks of a script that `launcher` started, by rank: what it adds to ours.
std::map<int, Json> added_environments(std::vector<std::string> launcher, const std::string& script) {
  launcher.push_back(script);
  test::ChildProcess child(launcher);
  const auto finished = child.wait(120);
  EXPECT_EQ(finished.exit_code, 0) << launcher[0] << ": " << finished.err;
  std::map<int, Json> by_rank;
  std::istringstream lines(finished.out);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t start = line.find("ENV ");
    if (start == std::string::npos) continue;
    const Json all = Json::parse(line.substr(start + 4));
    Json added;
    for (const auto& [name, value] : all.items()) {
      const bool ours = std::getenv(name.c_str()) != nullptr || name == "_" || name == "TLAUNCH_TEST_MARK";
      if (!ours) added[name] = value;
    }
    by_rank[std::stoi(added.at("RANK").get<std::string>())] = added;
  }
  return by_rank;
}

std::string free_port() { return std::to_string(hold_port().port); }

// The contract itself: one script, unchanged, with torch.distributed, under the torchrun that is installed and under
// tlaunch, with the same options. Both give its ranks the same variables with the same values.
TEST(TorchrunEnvironment, OfAnUnchangedScriptEqualsWhatTorchrunItselfSets) {
  const std::string venv = TLAUNCH_TEST_SOURCE_DIR "/.venv/bin";
  if (::access((venv + "/torchrun").c_str(), X_OK) != 0) GTEST_SKIP() << "no " << venv << "/torchrun";
  const test::TempDir folder;
  const std::string script = folder / "dump.py";
  test::write(script,
              "import json, os, sys, torch\n"
              "import torch.distributed as dist\n"
              "dist.init_process_group('gloo')\n"
              "total = torch.ones(1)\n"
              "dist.all_reduce(total)\n"
              "assert total.item() == int(os.environ['WORLD_SIZE'])\n"
              "sys.stdout.write('ENV ' + json.dumps(dict(os.environ)) + '\\n')\n"
              "sys.stdout.flush()\n"
              "dist.barrier()\n");
  const std::string path = "PATH=" + venv + ":" + std::getenv("PATH");
  const std::vector<std::string> start{"env", "-u", "OMP_NUM_THREADS", path};
  const std::vector<std::string> options{"--nproc_per_node=2",
                                         "--role",
                                         "trainer",
                                         "--rdzv_id=job7",
                                         "--master_addr=localhost",
                                         "--signals-to-handle=SIGTERM,SIGINT",
                                         "--master_port",
                                         free_port()};
  std::vector<std::string> theirs_argv = start, ours_argv = start;
  theirs_argv.push_back(venv + "/torchrun");
  ours_argv.push_back(TLAUNCH_TEST_BIN_DIR "/tlaunch");
  theirs_argv.insert(theirs_argv.end(), options.begin(), options.end());
  ours_argv.insert(ours_argv.end(), options.begin(), options.end());
  auto theirs = added_environments(theirs_argv, script), ours = added_environments(ours_argv, script);
  ASSERT_EQ(theirs.size(), 2u);
  ASSERT_EQ(ours.size(), 2u);
  for (int rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(theirs[rank].at("MASTER_PORT"), ours[rank].at("MASTER_PORT"));
    // By design: cores shared out, no agent's store, unbuffered without -u's help, an error file in our own place.
    for (const char* name :
         {"OMP_NUM_THREADS", "TORCHELASTIC_USE_AGENT_STORE", "PYTHONUNBUFFERED", "TORCHELASTIC_ERROR_FILE"}) {
      theirs[rank].erase(name);
      ours[rank].erase(name);
    }
    const auto sorted = [](const Json& json) { return nlohmann::json(json).dump(1); };
    EXPECT_EQ(sorted(theirs[rank]), sorted(ours[rank]));
  }
}

TEST(TorchrunEnvironment, AVirtualLocalRankSeesOneGpu) {
  EnvironmentSpec spec = spec_of(1, 2, 2);
  spec.virtual_local_rank = true;
  EXPECT_EQ(torchrun_environment(spec).at("LOCAL_RANK"), "0");
  EXPECT_EQ(torchrun_environment(spec).at("RANK"), "1");
  EXPECT_EQ(torchrun_environment(spec).at("CUDA_VISIBLE_DEVICES"), "1");
  spec.cuda_visible_devices = "GPU-aa, GPU-bb";
  EXPECT_EQ(torchrun_environment(spec).at("CUDA_VISIBLE_DEVICES"), "GPU-bb");
  spec.cuda_visible_devices = "3";
  EXPECT_THROW(torchrun_environment(spec), UsageError);
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

TEST(Rendezvous, APortThatIsNamedIsHeldOrRefused) {
  int port = 0;
  {
    const Rendezvous any = hold_port();
    port = any.port;
  }
  const Rendezvous held = hold_port(port);
  EXPECT_TRUE(can_serve_on(port));
  const auto refusal = [&](int taken) -> std::string {
    try {
      hold_port(taken);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "held";
  };
  EXPECT_THAT(refusal(port), testing::HasSubstr("another tlaunch holds it"));
  const Rendezvous listening = listen_on_loopback();
  EXPECT_THAT(refusal(listening.port), testing::HasSubstr("leave --master_port out"));
}

}  // namespace
}  // namespace tlaunch
