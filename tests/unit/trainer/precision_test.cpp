// When the loss is scaled.
#include "trainer/device/precision.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>

#include <limits>

#include "models/model.h"

namespace tlaunch {
namespace {

const torch::Device card{torch::kCUDA, 0};

// A recurrent layer somewhere inside a model.
template <class Layer>
std::shared_ptr<torch::nn::Module> nested(const Layer& layer) {
  torch::nn::Sequential inner(torch::nn::Linear(2, 2));
  inner->register_module("layer", layer.ptr());
  return torch::nn::Sequential(inner).ptr();
}

TEST(LossScaler, IsOnForRecurrentModelsInEitherHalfPrecisionOnACard) {
  const auto lstm = nested(torch::nn::LSTM(2, 2)), gru = nested(torch::nn::GRU(2, 2)),
             rnn = nested(torch::nn::RNN(2, 2));
  for (const auto& model : {lstm, gru, rnn}) {
    EXPECT_TRUE(needs_loss_scaler(card, Precision::bf16, *model)) << "cuDNN runs in fp16 all the same";
    EXPECT_TRUE(needs_loss_scaler(card, Precision::fp16, *model));
    EXPECT_FALSE(needs_loss_scaler(card, Precision::fp32, *model));
    EXPECT_FALSE(needs_loss_scaler(torch::kCPU, Precision::bf16, *model));
  }
}

TEST(LossScaler, OfOtherModelsIsForFp16Alone) {
  const auto plain = torch::nn::Sequential(torch::nn::Linear(2, 2)).ptr();
  EXPECT_TRUE(needs_loss_scaler(card, Precision::fp16, *plain));
  EXPECT_FALSE(needs_loss_scaler(card, Precision::bf16, *plain));
  EXPECT_FALSE(needs_loss_scaler(torch::kCPU, Precision::fp16, *plain));
}

TEST(LossScaler, KnowsTheModelsThatAreBuiltIn) {
  Options options;
  options.set("hidden_size", std::int64_t{4});
  options.set("num_layers", std::int64_t{1});
  options.set("window", std::int64_t{3});
  options.set("top_g", std::int64_t{2});
  options.set("input", std::string("scalar"));
  const auto lstm = make_model("lstm", options, {.kind = "keys", .window = 3, .num_classes = 5});
  EXPECT_TRUE(needs_loss_scaler(card, Precision::bf16, *lstm));
}

TEST(LossScaler, AnOverflowCountsOnlyAtAScaleBelowOne) {
  GradScaler scaler(torch::kCPU, true);
  auto found = torch::full({1}, 7.0F);
  const auto after = [&](double scale, float gradient) {
    scaler.load_state({{"scale", scale}, {"growth_tracker", 0}});
    scaler.unscale({torch::full({2}, gradient)});
    scaler.overflow_below_one(found);
    return found.item<float>();
  };
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(after(0.5, inf), 1);
  EXPECT_EQ(after(0.5, 1), 0);
  EXPECT_EQ(after(1, inf), 0);
  EXPECT_EQ(after(65536, inf), 0);
}

}  // namespace
}  // namespace tlaunch
