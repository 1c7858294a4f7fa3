// Our models against the same ones in PyTorch (tests/referee/check_model.py).
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/utils.h>

#include "tests/referee/referee.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/models/options.h"

namespace tlaunch {
namespace {

constexpr int seed = 7;

Json to_json(const Options& options) {
  Json json = Json::object();
  for (const auto& [key, value] : options.values()) std::visit([&](const auto& plain) { json[key] = plain; }, value);
  return json;
}

// Does one training forward and backward and one evaluation forward, and writes all their results to `path`.
void write_case(const std::string& path, const std::string& name, const Options& options, const SampleShape& shape,
                torch::Dtype dtype) {
  torch::manual_seed(seed);
  const auto model = make_model(name, options, shape);
  model->to(dtype);
  const torch::Tensor input = shape.kind == "image"
                                  ? torch::randn({4, shape.channels, shape.height, shape.width}, dtype)
                                  : torch::randint(shape.num_classes, {16, shape.window}, torch::kInt64);
  const torch::Tensor target = torch::randint(shape.num_classes, {input.size(0)}, torch::kInt64);

  referee::CaseFile file;
  for (const auto& item : model->named_parameters()) file.add("weights/" + item.key(), item.value());
  for (const auto& item : model->named_buffers()) file.add("weights/" + item.key(), item.value());
  file.add("input", input);
  file.add("target", target);
  model->train();
  const torch::Tensor logits = model->forward(input);
  const torch::Tensor loss = torch::nn::functional::cross_entropy(logits, target);
  loss.backward();
  file.add("logits", logits);
  file.add("loss", loss);
  for (const auto& item : model->named_parameters()) file.add("gradient/" + item.key(), item.value().grad());
  for (const auto& item : model->named_buffers()) file.add("buffer/" + item.key(), item.value());
  model->eval();
  torch::NoGradGuard no_grad;
  file.add("eval_logits", model->forward(input));
  file.write(path, {{"model", name},
                    {"options", to_json(options)},
                    {"shape", {{"channels", shape.channels}, {"num_classes", shape.num_classes}}},
                    {"dtype", dtype == torch::kFloat64 ? "float64" : "float32"},
                    {"seed", seed}});
}

class Referee : public ::testing::Test {
 protected:
  void SetUp() override { torch::set_num_threads(1); }

  void add(const std::string& name, const std::map<std::string, OptionValue>& overrides, const SampleShape& shape) {
    for (const torch::Dtype dtype : {torch::kFloat64, torch::kFloat32}) {
      paths_.push_back(folder_ / (name + std::to_string(paths_.size()) + ".safetensors"));
      write_case(paths_.back(), name, options_of(name, overrides), shape, dtype);
    }
  }

  referee::Verdict verdict() const { return referee::ask("check_model.py", paths_); }

 private:
  test::TempDir folder_;
  std::vector<std::string> paths_;
};

TEST_F(Referee, ResnetComputesWhatPyTorchDoes) {
  add("resnet", {}, image_shape(1, 28, 10));
  add("resnet", {{"depth", std::int64_t{20}}, {"width", std::int64_t{8}}}, image_shape(3, 32, 10));
  add("resnet", {{"depth", std::int64_t{18}}, {"stem", "large"}}, image_shape(3, 64, 7));
  add("resnet", {{"depth", std::int64_t{34}}, {"width", std::int64_t{4}}}, image_shape(2, 33, 5));
  add("resnet", {{"depth", std::int64_t{50}}, {"width", std::int64_t{8}}, {"stem", "large"}}, image_shape(3, 96, 10));
  const referee::Verdict verdict = this->verdict();
  if (verdict.exit_code == referee::cannot_run) GTEST_SKIP() << verdict.output;
  EXPECT_EQ(verdict.exit_code, 0) << verdict.output;
}

TEST_F(Referee, LstmComputesWhatPyTorchDoes) {
  add("lstm", {}, keys_shape(10, 28));
  add("lstm", {{"input", "embedding"}}, keys_shape(10, 28));
  add("lstm", {{"num_layers", std::int64_t{1}}, {"hidden_size", std::int64_t{5}}, {"window", std::int64_t{3}}},
      keys_shape(3, 4));
  const referee::Verdict verdict = this->verdict();
  if (verdict.exit_code == referee::cannot_run) GTEST_SKIP() << verdict.output;
  EXPECT_EQ(verdict.exit_code, 0) << verdict.output;
}

}  // namespace
}  // namespace tlaunch
