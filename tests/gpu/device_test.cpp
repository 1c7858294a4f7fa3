// CUDA in this process: the effect of switches, NCCL, the fp16 scaler, autocast of an LSTM.
#include <gtest/gtest.h>

#include <torch/nn/modules/rnn.h>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "hardware/gpu/gpu_monitor.h"
#include "hardware/profile.h"
#include "trainer/device/device.h"
#include "trainer/device/precision.h"
#include "trainer/ranks/nccl.h"
#include "trainer/ranks/ranks.h"
#include "trainer/state/tensor_file.h"

namespace tlaunch {
namespace {

const torch::Device card{torch::kCUDA, 0};

// Set before CUDA starts, as in our workers, so that card 0 is the same for CUDA and NVML on a machine with unequal
// cards.
const bool ordered = ::setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID", 1) == 0;

class Gpu : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(ordered);
    if (cuda_device_count() == 0) GTEST_SKIP() << "no CUDA device on this machine: " << cuda_problem();
    select_device(card);
  }
};

double matmul_error(bool tf32) {
  RunConfig config;
  config.gpu.tf32 = tf32;
  apply_flags(config);
  torch::manual_seed(1);
  const auto a = torch::randn({512, 512}, torch::kFloat64), b = torch::randn({512, 512}, torch::kFloat64);
  const auto product = a.to(card, torch::kFloat32).matmul(b.to(card, torch::kFloat32)).cpu().to(torch::kFloat64);
  return (product - a.matmul(b)).abs().max().item<double>();
}

TEST_F(Gpu, Tf32IsSeenInTheErrorOfAProduct) {
  if (probe(".").gpus.at(0).capability_major < 8) GTEST_SKIP() << "TF32 needs compute capability 8.0";
  EXPECT_LT(matmul_error(false), 1e-3);
  EXPECT_GT(matmul_error(true), 5e-3);
}

TEST_F(Gpu, CudnnBenchmarkAndDeterminismReachLibTorch) {
  RunConfig config;
  config.gpu.cudnn_benchmark = true;
  apply_flags(config);
  EXPECT_TRUE(at::globalContext().benchmarkCuDNN());
  config.deterministic = true;
  apply_flags(config);
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":4096:8");
  at::globalContext().setDeterministicAlgorithms(false, false);
}

TEST_F(Gpu, ASnapshotIsTheStateOfItsMomentWhileKernelsGoOn) {
  auto weight = torch::full({1 << 24}, 1.0F, torch::TensorOptions().device(card));
  TensorSnapshot snapshot(card);
  for (int save = 1; save <= 3; ++save) {
    snapshot.take({{"w", weight}});
    for (int i = 0; i < 20; ++i) weight.add_(1.0F);
    snapshot.wait();
    const auto& view = snapshot.views().front();
    std::vector<float> values(view.data.size() / sizeof(float));
    std::memcpy(values.data(), view.data.data(), view.data.size());
    const float then = static_cast<float>(1 + 20 * (save - 1));
    EXPECT_EQ(std::count(values.begin(), values.end(), then), static_cast<std::ptrdiff_t>(values.size()))
        << "save " << save;
  }
}

TEST_F(Gpu, NcclReducesOverOneRank) {
  const auto store = c10::make_intrusive<c10d::HashStore>();
  const auto group = c10::make_intrusive<c10d::ProcessGroup>(store, 0, 1);
  const auto backend = make_nccl(store, 0, 1, collective_timeout({}));
  add_cuda_backend(*group, card, c10d::ProcessGroup::BackendType::NCCL, backend);
  EXPECT_EQ(backend->getBoundDeviceId(), card);
  std::vector<torch::Tensor> tensors{torch::arange(5, torch::TensorOptions().device(card).dtype(torch::kFloat32))};
  backend->allreduce(tensors)->wait();
  EXPECT_TRUE(tensors[0].cpu().equal(torch::arange(5, torch::kFloat32)));
  group->shutdown();
}

// The reason why needs_loss_scaler() asks for a scaler with bf16 too. If this test fails, LibTorch has changed and the
// scaler is no longer needed.
TEST_F(Gpu, AutocastGivesCudnnsLstmFp16WhateverIsAskedFor) {
  torch::nn::LSTM lstm(torch::nn::LSTMOptions(8, 16).batch_first(true));
  lstm->to(card);
  const AutocastScope autocast(card, Precision::bf16);
  const auto hidden = std::get<0>(lstm->forward(torch::randn({4, 5, 8}, torch::TensorOptions().device(card))));
  EXPECT_EQ(hidden.scalar_type(), torch::kHalf);
}

TEST_F(Gpu, PeakBytesAreReservedBytesAndAreReset) {
  empty_cache(card);
  reset_peak(card);
  const auto before = peak_bytes(card);
  { const auto block = torch::empty({64 << 20}, torch::TensorOptions().device(card).dtype(torch::kUInt8)); }
  EXPECT_GE(peak_bytes(card), before + (64 << 20));
  empty_cache(card);
  reset_peak(card);
  EXPECT_LT(peak_bytes(card), before + (64 << 20));
}

TEST_F(Gpu, ScalerHalvesAtAnOverflowAndMarksTheStep) {
  GradScaler scaler(card, true);
  const auto gradient = torch::full({4}, 65536.0, torch::TensorOptions().device(card));
  scaler.unscale({gradient});
  EXPECT_EQ(scaler.found_inf().item<float>(), 0);
  EXPECT_FLOAT_EQ(gradient[0].item<float>(), 1);
  gradient.fill_(INFINITY);
  scaler.unscale({gradient});
  EXPECT_EQ(scaler.found_inf().item<float>(), 1);
  scaler.update();
  EXPECT_EQ(scaler.state().at("scale").get<double>(), 32768);
}

TEST_F(Gpu, TheWorkerTellsForWhichCardsItIsBuilt) {
  const auto built = cuda_architectures();
  const auto gpus = probe(".").gpus;
  ASSERT_FALSE(gpus.empty());
  const auto of_its_major = [&](const std::string& name) {
    return name.starts_with("sm_" + std::to_string(gpus[0].capability_major)) || name.starts_with("compute_");
  };
  EXPECT_TRUE(std::ranges::any_of(built, of_its_major)) << built.size() << " architectures";
}

TEST_F(Gpu, MonitorAndProbeNameTheSameCard) {
  const auto profile = probe(".");
  ASSERT_FALSE(profile.gpus.empty());
  const auto number = [](const std::string& uuid) { return uuid.substr(uuid.find('-')); };  // of a card or MIG slice
  EXPECT_EQ(number(profile.gpus[0].uuid), number(device_uuid(card)));
  const auto sample = GpuMonitor(device_uuid(card)).sample();
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->name, profile.gpus[0].name);
  EXPECT_GT(sample->memory_used_bytes.value_or(1), 0u);
  EXPECT_GT(sample->power_w.value_or(1), 0);
}

// Records the memory that CUDA and its libraries take beside the caching allocator, in the results of
// scripts/gpu_check.
TEST_F(Gpu, MemoryBesideTheAllocatorIsRecorded) {
  GpuMonitor monitor(device_uuid(card));
  const auto used = [&] {
    synchronize(card);
    const auto sample = monitor.sample();
    return sample ? sample->memory_used_bytes.value_or(0) : 0;
  };
  empty_cache(card);
  const auto before = used();
  const auto images = torch::randn({8, 16, 64, 64}, torch::TensorOptions().device(card));
  const auto kernel = torch::randn({32, 16, 3, 3}, torch::TensorOptions().device(card));
  const auto product = torch::conv2d(images, kernel).sum() + images.flatten(1).matmul(images.flatten(1).t()).sum();
  EXPECT_TRUE(std::isfinite(product.item<float>()));
  RecordProperty("used_before_bytes", std::to_string(before));
  RecordProperty("used_after_bytes", std::to_string(used()));
  RecordProperty("reserved_bytes", std::to_string(used_bytes(card)));
}

}  // namespace
}  // namespace tlaunch
