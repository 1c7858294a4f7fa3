#include "trainer/setup/optimizer.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <map>

#include "tests/referee/referee.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

TrainConfig settings(OptimizerKind kind, double momentum, double weight_decay) {
  TrainConfig train;
  train.optimizer = kind;
  train.momentum = momentum;
  train.weight_decay = weight_decay;
  return train;
}

torch::Tensor parameter(std::vector<std::int64_t> shape, torch::Dtype dtype = torch::kFloat64) {
  return torch::randn(shape, dtype).requires_grad_();
}

std::map<std::string, torch::Tensor> state_of(Optimizer& optimizer) {
  const auto state = optimizer.state();
  return {state.begin(), state.end()};
}

// Records 20 steps, each with another rate, for tests/referee/check_optimizer.py.
void write_case(const std::string& path, const TrainConfig& train) {
  torch::manual_seed(11);
  std::vector<NamedParameter> parameters = {
      {"conv.weight", parameter({6, 3, 3, 3})}, {"conv.bias", parameter({6})}, {"fc.weight", parameter({10, 17})}};
  referee::CaseFile file;
  for (const auto& [name, tensor] : parameters) file.add("start/" + name, tensor);
  const auto optimizer = make_optimizer(train, parameters);
  Json rates = Json::array();
  for (int step = 0; step < 20; ++step) {
    for (auto& [name, tensor] : parameters) {
      tensor.mutable_grad() = torch::randn_like(tensor);
      file.add("gradient/" + std::to_string(step) + "/" + name, tensor.grad());
    }
    const double rate = 0.05 / (1 + step);
    rates.push_back(rate);
    optimizer->step(rate, {}, {});
  }
  for (const auto& [name, tensor] : parameters) file.add("end/" + name, tensor);
  for (const auto& [name, tensor] : optimizer->state()) file.add("state/" + name, tensor);
  file.write(path, {{"kind", to_string(train.optimizer)},
                    {"momentum", train.momentum},
                    {"weight_decay", train.weight_decay},
                    {"learning_rates", rates}});
}

TEST(OptimizerReferee, TwentyStepsEndWherePyTorchsFusedOptimizersEnd) {
  const test::TempDir folder;
  std::vector<std::string> paths;
  for (const TrainConfig& train : {settings(OptimizerKind::sgd, 0, 0), settings(OptimizerKind::sgd, 0.9, 0),
                                   settings(OptimizerKind::sgd, 0, 0.03), settings(OptimizerKind::sgd, 0.9, 0.03),
                                   settings(OptimizerKind::adam, 0, 0), settings(OptimizerKind::adam, 0, 0.03),
                                   settings(OptimizerKind::adamw, 0, 0), settings(OptimizerKind::adamw, 0, 0.03)}) {
    paths.push_back(folder / (std::to_string(paths.size()) + ".safetensors"));
    write_case(paths.back(), train);
  }
  const referee::Verdict verdict = referee::ask("check_optimizer.py", paths);
  if (verdict.exit_code == referee::cannot_run) GTEST_SKIP() << verdict.output;
  EXPECT_EQ(verdict.exit_code, 0) << verdict.output;
}

struct Kind {
  const char* name;
  TrainConfig train;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class EveryOptimizer : public ::testing::TestWithParam<Kind> {};

TEST_P(EveryOptimizer, FindsTheMinimumOfAParabola) {
  torch::Tensor x = torch::full({3}, 5.0, torch::kFloat64).requires_grad_();
  const auto optimizer = make_optimizer(GetParam().train, {{"x", x}});
  for (int step = 0; step < 400; ++step) {
    x.mutable_grad() = (2 * (x - 1)).detach();
    optimizer->step(0.1 * (400 - step) / 400, {}, {});
  }
  EXPECT_TRUE(torch::allclose(x, torch::ones({3}, torch::kFloat64), 0, 1e-2)) << x;
}

TEST_P(EveryOptimizer, GradScaleDividesTheGradients) {
  torch::manual_seed(2);
  const torch::Tensor start = torch::randn({40}), gradient = torch::randn({40});
  torch::Tensor plain = start.clone().requires_grad_(), scaled = start.clone().requires_grad_();
  plain.mutable_grad() = gradient.clone();
  scaled.mutable_grad() = gradient * 1024;
  make_optimizer(GetParam().train, {{"x", plain}})->step(0.1, {}, {});
  make_optimizer(GetParam().train, {{"x", scaled}})->step(0.1, torch::tensor(1024.0f), torch::tensor(0.0f));
  EXPECT_TRUE(torch::allclose(plain, scaled, 1e-6, 1e-7));
}

TEST_P(EveryOptimizer, AStepWithFoundInfLeavesParametersStateAndStepCountAsTheyWere) {
  torch::manual_seed(2);
  torch::Tensor x = parameter({40}, torch::kFloat32);
  const auto optimizer = make_optimizer(GetParam().train, {{"x", x}});
  const auto run = [&](const torch::Tensor& gradient, float found_inf) {
    x.mutable_grad() = gradient;
    optimizer->step(0.1, torch::tensor(1.0f), torch::tensor(found_inf));
  };
  // The first time it is the very first step, when there is no earlier state.
  for (int former_steps = 0; former_steps < 2; ++former_steps) {
    const torch::Tensor before = x.detach().clone();
    std::map<std::string, torch::Tensor> state_before;
    for (const auto& [name, tensor] : optimizer->state()) state_before[name] = tensor.clone();
    run(torch::full({40}, INFINITY), 1.0f);
    EXPECT_TRUE(torch::equal(x, before));
    for (const auto& [name, tensor] : optimizer->state()) EXPECT_TRUE(torch::equal(tensor, state_before[name])) << name;
    run(torch::randn({40}), 0.0f);
  }
}

TEST_P(EveryOptimizer, AStepDependsOnValuesNotOnMemoryLayout) {
  torch::manual_seed(4);
  const torch::Tensor start = torch::randn({8, 4, 3, 3}, torch::kFloat64);
  const std::vector<torch::Tensor> gradients = {torch::randn_like(start), torch::randn_like(start)};
  const auto trained = [&](torch::MemoryFormat parameter_format, torch::MemoryFormat gradient_format) {
    torch::Tensor x = start.clone(parameter_format).requires_grad_();
    const auto optimizer = make_optimizer(GetParam().train, {{"x", x}});
    for (const torch::Tensor& gradient : gradients) {
      x.mutable_grad() = gradient.clone(gradient_format);
      optimizer->step(0.1, {}, {});
    }
    return x.detach();
  };
  constexpr auto rows = torch::MemoryFormat::Contiguous, channels = torch::MemoryFormat::ChannelsLast;
  const torch::Tensor expected = trained(rows, rows);
  EXPECT_TRUE(torch::allclose(trained(channels, channels), expected, 1e-14, 1e-14));
  EXPECT_TRUE(torch::allclose(trained(channels, rows), expected, 1e-14, 1e-14));
  EXPECT_TRUE(torch::allclose(trained(rows, channels), expected, 1e-14, 1e-14));
}

TEST_P(EveryOptimizer, GoesOnBitForBitFromASavedState) {
  torch::manual_seed(6);
  std::vector<torch::Tensor> gradients;
  for (int step = 0; step < 6; ++step) gradients.push_back(torch::randn({33}));
  const torch::Tensor start = torch::randn({33});
  const auto run = [&](torch::Tensor& x, Optimizer& optimizer, int from, int to) {
    for (int step = from; step < to; ++step) {
      x.mutable_grad() = gradients[step].clone();
      optimizer.step(0.01, {}, {});
    }
  };
  torch::Tensor whole = start.clone().requires_grad_(), first = start.clone().requires_grad_();
  const auto whole_optimizer = make_optimizer(GetParam().train, {{"x", whole}});
  run(whole, *whole_optimizer, 0, 6);
  const auto first_optimizer = make_optimizer(GetParam().train, {{"x", first}});
  run(first, *first_optimizer, 0, 3);

  torch::Tensor second = first.detach().clone().requires_grad_();
  const auto second_optimizer = make_optimizer(GetParam().train, {{"x", second}});
  auto saved = state_of(*first_optimizer);
  for (auto& [name, tensor] : second_optimizer->state()) tensor.copy_(saved.at(name));
  run(second, *second_optimizer, 3, 6);
  EXPECT_TRUE(torch::equal(second, whole));
}

TEST_P(EveryOptimizer, TakesParametersOfSeveralDtypes) {
  torch::Tensor small = parameter({5}, torch::kFloat32), large = parameter({5}, torch::kFloat64);
  const torch::Tensor small_before = small.detach().clone(), large_before = large.detach().clone();
  const auto optimizer = make_optimizer(GetParam().train, {{"small", small}, {"large", large}});
  small.mutable_grad() = torch::ones_like(small);
  large.mutable_grad() = torch::ones_like(large);
  optimizer->step(0.1, {}, {});
  EXPECT_TRUE((small < small_before).all().item<bool>());
  EXPECT_TRUE((large < large_before).all().item<bool>());
}

TEST_P(EveryOptimizer, AParameterWithoutGradientIsABug) {
  const auto optimizer = make_optimizer(GetParam().train, {{"fc.bias", parameter({2})}});
  EXPECT_THROW(optimizer->step(0.1, {}, {}), std::logic_error);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, EveryOptimizer,
                         ::testing::Values(Kind{"Sgd", settings(OptimizerKind::sgd, 0, 0)},
                                           Kind{"SgdMomentum", settings(OptimizerKind::sgd, 0.9, 0)},
                                           Kind{"Adam", settings(OptimizerKind::adam, 0, 0)},
                                           Kind{"AdamW", settings(OptimizerKind::adamw, 0, 0)}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tlaunch
