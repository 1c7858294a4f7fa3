// Two ranks of a run on the CPU, as two threads of this process.
#include "trainer/ranks/ranks.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <future>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "trainer/ranks/agree.h"
#include "trainer/ranks/ddp.h"
#include "watched_allocator.h"

namespace tlaunch {
namespace {

using namespace std::chrono_literals;

TEST(CollectiveTimeout, OutlastsTheWatchForHangs) {
  EXPECT_EQ(collective_timeout({}), 30min);
  EXPECT_EQ(collective_timeout(60), 30min);
  EXPECT_EQ(collective_timeout(3600), 7200s);
  EXPECT_EQ(collective_timeout(1e9), 2'000'000'000s);
}

class NoBackend : public c10d::Backend {
 public:
  NoBackend() : Backend(0, 2) {}
};

TEST(CudaBackend, IsBoundToTheRanksOwnDevice) {
  const auto group = c10::make_intrusive<c10d::ProcessGroup>(c10::make_intrusive<c10d::HashStore>(), 0, 2);
  const auto backend = c10::make_intrusive<NoBackend>();
  const torch::Device card{torch::kCUDA, 1};
  add_cuda_backend(*group, card, c10d::ProcessGroup::BackendType::NCCL, backend);
  EXPECT_EQ(backend->getBoundDeviceId(), card);
  EXPECT_EQ(group->getBoundDeviceId(), card);
  EXPECT_EQ(group->getBackend(c10::DeviceType::CUDA).get(), backend.get());
}

class TwoRanks : public testing::Test {
 protected:
  TwoRanks() {
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listening, 8), 0);
    getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
    for (int rank = 0; rank < 2; ++rank) {
      contexts_[rank].rank = contexts_[rank].local_rank = rank;
      contexts_[rank].world_size = contexts_[rank].local_world_size = 2;
      contexts_[rank].master_port = ntohs(address.sin_port);
    }
    contexts_[0].store_fd = listening;
    auto other = std::async(std::launch::async, [this] { ranks_[1].emplace(contexts_[1]); });
    ranks_[0].emplace(contexts_[0]);
    other.get();
  }
  // Runs `work` for each rank, in two threads.
  void on_both(const std::function<void(const Ranks&)>& work) {
    auto other = std::async(std::launch::async, [&] { work(*ranks_[1]); });
    work(*ranks_[0]);
    other.get();
  }

  WorkerContext contexts_[2];
  std::optional<Ranks> ranks_[2];
};

TEST_F(TwoRanks, AgreeOnRankZerosFigure) {
  on_both([](const Ranks& ranks) { EXPECT_EQ(agree(ranks, 7 + ranks.rank()), 7); });
  for (const std::string text : {"", "a path"})
    on_both([&](const Ranks& ranks) { EXPECT_EQ(agree(ranks, ranks.rank() == 0 ? text : "another"), text); });
}

TEST_F(TwoRanks, RankZeroLeavesLast) {
  auto zero = std::async(std::launch::async, [this] { ranks_[0]->close(10min); });
  // The first part of close() on rank 1, which is then busy with something else.
  auto token = torch::zeros({1});
  ranks_[1]->sum(token);
  EXPECT_EQ(zero.wait_for(300ms), std::future_status::timeout) << "rank 1 still needs the store";
  ranks_[1]->tell("tlaunch/left/1", "left");
  zero.get();
  EXPECT_TRUE(ranks_[0]->told("tlaunch/left/1"));
}

TEST_F(TwoRanks, BothLeaveByThemselves) {
  on_both([](const Ranks& ranks) { ranks.close(10min); });
}

TEST_F(TwoRanks, RankZeroDoesNotWaitForEverForOneThatStandsStill) {
  auto zero = std::async(std::launch::async, [this] { ranks_[0]->close(200ms); });
  auto token = torch::zeros({1});
  ranks_[1]->sum(token);
  EXPECT_EQ(zero.wait_for(20s), std::future_status::ready);
}

TEST_F(TwoRanks, TheBucketsOfASaveAreToldWithoutMemoryForGradients) {
  constexpr std::int64_t elements = 1 << 20;
  test::WatchedAllocator watched;
  std::optional<DataParallel> parallel[2];
  std::optional<torch::Tensor> parameters[2];
  on_both([&](const Ranks& ranks) {
    auto& parameter = parameters[ranks.rank()].emplace(torch::ones({elements}).requires_grad_(true));
    parallel[ranks.rank()].emplace(ranks, std::vector<NamedParameter>{{"w", parameter}}, BucketAssignment{});
  });
  on_both([&](const Ranks& ranks) {
    if (ranks.rank() == 0) watched.fail_at(0);
    EXPECT_EQ(parallel[ranks.rank()]->buckets(), (BucketAssignment{{0}}));
  });
  EXPECT_LT(watched.largest_bytes(), sizeof(float) * elements);
}

}  // namespace
}  // namespace tlaunch
