#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/utils.h>

#include <set>

#include "base/error.h"
#include "tests/unit/models/options.h"

namespace tlaunch {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::int64_t parameters_of(const std::string& name, const std::map<std::string, OptionValue>& overrides,
                           const SampleShape& shape) {
  std::int64_t count = 0;
  const auto model = make_model(name, options_of(name, overrides), shape);
  for (const auto& parameter : model->parameters()) count += parameter.numel();
  return count;
}

TEST(Resnet, WithWidth64AndTheLargeStemHasTorchvisionsParameterCounts) {
  const auto count = [](std::int64_t depth) {
    return parameters_of("resnet", {{"depth", depth}, {"width", std::int64_t{64}}, {"stem", "large"}},
                         image_shape(3, 224, 1000));
  };
  EXPECT_EQ(count(18), 11'689'512);
  EXPECT_EQ(count(34), 21'797'672);
  EXPECT_EQ(count(50), 25'557'032);
}

TEST(Resnet, HasOneWeightedLayerPerUnitOfDepth) {
  for (const std::int64_t depth : {8, 14, 20, 32, 44, 56}) {
    const auto model = make_model("resnet", options_of("resnet", {{"depth", depth}}), image_shape(1, 28, 10));
    std::int64_t layers = 0;
    for (const auto& item : model->named_parameters()) {
      const bool shortcut = item.key().find("downsample") != std::string::npos;
      if (!shortcut && item.value().dim() > 1) ++layers;
    }
    EXPECT_EQ(layers, depth);
  }
}

TEST(Resnet, TakesImagesFrom28To224PixelsOfAnyChannels) {
  torch::NoGradGuard no_grad;
  const std::vector<std::pair<std::int64_t, std::int64_t>> images = {{1, 28}, {3, 32}, {4, 97}, {3, 224}};
  for (const auto& [channels, pixels] : images) {
    for (const char* stem : {"small", "large"}) {
      const Options narrow =
          options_of("resnet", {{"depth", std::int64_t{18}}, {"width", std::int64_t{4}}, {"stem", stem}});
      const auto model = make_model("resnet", narrow, image_shape(channels, pixels, 6));
      EXPECT_EQ(model->forward(torch::randn({2, channels, pixels, pixels})).sizes(), (std::vector<std::int64_t>{2, 6}));
    }
  }
}

TEST(Resnet, RefusesAnImageThatItsStagesWouldHalveBelowOnePixel) {
  const Options options = options_of("resnet", {{"depth", std::int64_t{18}}, {"stem", "large"}});
  EXPECT_NO_THROW(make_model("resnet", options, image_shape(3, 17, 10)));
  EXPECT_THAT([&] { make_model("resnet", options, image_shape(3, 16, 10)); },
              ThrowsMessage<UsageError>(HasSubstr("at least 17 pixels")));
}

TEST(Resnet, ChannelsLastGivesTheSameLogitsAndKeepsTheLayout) {
  torch::manual_seed(3);
  const auto model = make_model("resnet", options_of("resnet"), image_shape(3, 32, 10));
  model->to(torch::kFloat64);
  const torch::Tensor input = torch::randn({4, 3, 32, 32}, torch::kFloat64);
  const torch::Tensor expected = model->forward(input);
  for (auto& parameter : model->parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
  }
  const torch::Tensor logits = model->forward(input.contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(torch::allclose(logits, expected, 1e-10, 1e-10));
}

TEST(Resnet, KeepsItsBatchCountersAsIntegersWhenItsDtypeChanges) {
  const auto model = make_model("resnet", options_of("resnet"), image_shape(1, 28, 10));
  model->forward(torch::randn({2, 1, 28, 28}));
  model->to(torch::kFloat64);
  model->to(torch::kCPU, torch::kFloat32);
  model->to(torch::kFloat64);
  const auto buffers = model->named_buffers();
  EXPECT_EQ(buffers["bn1.num_batches_tracked"].scalar_type(), torch::kInt64);
  EXPECT_EQ(buffers["bn1.num_batches_tracked"].item<std::int64_t>(), 1);
  EXPECT_EQ(buffers["bn1.running_mean"].scalar_type(), torch::kFloat64);
}

TEST(Lstm, PredictsFromTheWholeWindowAndTheOrderOfItsKeys) {
  torch::manual_seed(1);
  for (const char* input : {"scalar", "embedding"}) {
    const auto model = make_model("lstm", options_of("lstm", {{"input", input}}), keys_shape(10, 12));
    const torch::Tensor keys = torch::arange(10, torch::kInt64).unsqueeze(0);
    const torch::Tensor logits = model->forward(keys);
    EXPECT_EQ(logits.sizes(), (std::vector<std::int64_t>{1, 12}));
    EXPECT_FALSE(torch::allclose(model->forward(keys.flip(1)), logits));
  }
}

TEST(Lstm, RefusesAnotherWindowThanTheDataSets) {
  EXPECT_THAT([] { make_model("lstm", options_of("lstm"), keys_shape(7, 12)); },
              ThrowsMessage<UsageError>(HasSubstr("model.window=7")));
}

TEST(Registry, SaysWhichModelDoesNotFitTheData) {
  EXPECT_THAT([] { make_model("resnet", options_of("resnet"), keys_shape(10, 12)); },
              ThrowsMessage<UsageError>(HasSubstr("takes samples of kind image")));
  EXPECT_THAT([] { make_model("resent", {}, image_shape(1, 28, 10)); }, ThrowsMessage<UsageError>(HasSubstr("resent")));
}

TEST(Registry, TakesAUsersModelOnce) {
  ModelDescription description;
  description.name = "mine";
  description.sample_kind = "image";
  const ModelFactory factory = [](const Options&, const SampleShape& shape) {
    return make_model("resnet", options_of("resnet"), shape);
  };
  register_model(description, factory);
  EXPECT_EQ(model_descriptions().back().name, "mine");
  EXPECT_NE(make_model("mine", {}, image_shape(1, 28, 10)), nullptr);
  EXPECT_THROW(register_model(description, factory), std::logic_error);
}

TEST(Descriptions, EveryDefaultIsAllowedByItsOwnSpec) {
  for (const ModelDescription& description : model_descriptions()) {
    std::set<std::string> keys;
    for (const OptionSpec& spec : description.options) {
      EXPECT_TRUE(keys.insert(spec.key).second) << description.name << "." << spec.key << " is there twice";
      EXPECT_FALSE(spec.meaning.empty()) << spec.key;
      if (!spec.choices.empty()) {
        EXPECT_THAT(spec.choices, ::testing::Contains(spec.default_value)) << spec.key;
      }
      if (spec.type == OptionType::integer && spec.min) {
        EXPECT_GE(static_cast<double>(std::get<std::int64_t>(spec.default_value)), *spec.min) << spec.key;
      }
    }
  }
}

struct Case {
  std::string name;
  SampleShape shape;
};
void PrintTo(const Case& model, std::ostream* out) { *out << model.name; }

class EveryModel : public ::testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<Model> make(int seed) const {
    torch::manual_seed(seed);
    return make_model(GetParam().name, options_of(GetParam().name), GetParam().shape);
  }
  torch::Tensor input(torch::Dtype dtype) const {
    const SampleShape& shape = GetParam().shape;
    return shape.kind == "image" ? torch::randn({8, shape.channels, shape.height, shape.width}, dtype)
                                 : torch::randint(shape.num_classes, {8, shape.window}, torch::kInt64);
  }
};

TEST_P(EveryModel, IsFixedByTheSeed) {
  const auto first = make(5)->parameters(), again = make(5)->parameters(), other = make(6)->parameters();
  bool differs = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_TRUE(torch::equal(first[i], again[i]));
    differs = differs || !torch::equal(first[i], other[i]);
  }
  EXPECT_TRUE(differs);
}

TEST_P(EveryModel, LearnsABatchByHeart) {
  const auto model = make(5);
  model->to(torch::kFloat64);
  model->train();
  const torch::Tensor batch = input(torch::kFloat64), target = torch::arange(8) % GetParam().shape.num_classes;
  double first = 0, loss = 0;
  for (int step = 0; step < 60; ++step) {
    const torch::Tensor value = torch::nn::functional::cross_entropy(model->forward(batch), target);
    loss = value.item<double>();
    if (step == 0) first = loss;
    value.backward();
    torch::NoGradGuard no_grad;
    for (auto& parameter : model->parameters()) {
      parameter -= 0.5 * parameter.grad() / parameter.grad().norm().clamp_min(1.0);
      parameter.mutable_grad().reset();
    }
  }
  EXPECT_LT(loss, first / 2);
}

TEST_P(EveryModel, ComputesInBfloat16UnderAutocast) {
  const auto model = make(5);
  const torch::Tensor batch = input(torch::kFloat32);
  const torch::Tensor exact = model->forward(batch);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  const torch::Tensor logits = model->forward(batch);
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_EQ(logits.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(torch::allclose(logits.to(torch::kFloat32), exact, 0.1, 0.1));
}

INSTANTIATE_TEST_SUITE_P(Models, EveryModel,
                         ::testing::Values(Case{"resnet", image_shape(1, 28, 10)}, Case{"lstm", keys_shape(10, 12)}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tlaunch
