#include "checkpoint/weights_fit.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace tlaunch {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TensorView tensor(const std::string& name, std::vector<std::int64_t> shape, const std::string& dtype = "F32") {
  return {name, dtype, std::move(shape), {}};
}

const std::vector<TensorView> model{tensor("conv.weight", {8, 1, 3, 3}), tensor("fc.weight", {10, 8}),
                                    tensor("fc.bias", {10})};

TEST(Misfit, ThereIsNoneWhereNamesDtypesAndShapesAreTheSame) {
  EXPECT_EQ(misfit("w", model, model), "");
  auto held = model;
  held.push_back(tensor("tlaunch.rng.0", {5}, "U8"));
  std::reverse(held.begin(), held.end());
  EXPECT_EQ(misfit("w", held, model), "");
}

TEST(Misfit, OfAnotherNumberOfClassesNamesBothNumbers) {
  auto held = model;
  held[1].shape = {1000, 8};
  held[2].shape = {1000};
  EXPECT_EQ(
      misfit("w.safetensors", held, model),
      "w.safetensors: its weights do not fit this model:\n"
      "  2 of another shape or dtype: 'fc.weight' is F32 [1000, 8] but F32 [10, 8] in the model, 'fc.bias' is F32 "
      "[1000] but F32 [10] in the model\n"
      "  the file's model has 1000 outputs, but this model has 10, one per class of the data: use data with 1000 "
      "classes (data.name, data.root), or weights of a model for this data");
}

TEST(Misfit, TheCountOfAnAveragedModelIsNone) {
  std::vector<TensorView> held, wanted;
  for (TensorView each : model) {
    each.name = "module." + each.name;
    wanted.push_back(each);
  }
  held = wanted;
  held.push_back(tensor("n_averaged", {}, "I64"));
  EXPECT_EQ(misfit("w", held, wanted), "");
}

const std::vector<TensorView> headless{model[0]};

TEST(Misfit, OfAFileWithoutTheHeadGivesThePythonThatAddsIt) {
  EXPECT_EQ(
      misfit("a/w.safetensors", headless, model),
      "a/w.safetensors: its weights do not fit this model:\n"
      "  2 missing: 'fc.weight' F32 [10, 8], 'fc.bias' F32 [10]\n"
      "  the file lacks only 'fc.': if this part was left off, as a head may be, add it in Python; else the file is "
      "from another model: set model.name and the other model. keys to the values of its training\n"
      "    import torch; from safetensors.torch import load_file, save_file\n"
      "    w = load_file('a/w.safetensors')\n"
      "    w['fc.weight'] = 0.01 * torch.randn(10, 8); w['fc.bias'] = torch.zeros(10)\n"
      "    save_file(w, 'w-fitting.safetensors')");
}

TEST(Misfit, OfAHeadUnderAnotherNameGivesThePythonThatRenamesIt) {
  auto held = headless;
  held.push_back(tensor("classifier.1.bias", {10}));
  held.push_back(tensor("classifier.1.weight", {10, 8}));
  EXPECT_THAT(misfit("w.safetensors", held, model),
              AllOf(HasSubstr("this model's part 'fc.' is named 'classifier.1.' in the file. Rename it"),
                    HasSubstr("save_file({name.replace('classifier.1.', 'fc.', 1): w for name, w in "
                              "load_file('w.safetensors').items()}, 'w-fitting.safetensors')")));
}

TEST(Misfit, OfAnotherHeadGivesThePythonThatReplacesIt) {
  auto held = headless;
  held.push_back(tensor("head.weight", {1000, 8}));
  EXPECT_THAT(misfit("w.safetensors", held, model),
              AllOf(HasSubstr("the file has 'head.' in place of 'fc.'"),
                    HasSubstr("if not name.startswith('head.')}\n    w['fc.weight'] = 0.01 * torch.randn(10, 8);")));
  auto more = model;
  more.push_back(tensor("aux.weight", {10, 8}));
  EXPECT_THAT(misfit("w", more, model),
              AllOf(HasSubstr("the file has 'aux.', which this model does not need"), HasSubstr("startswith('aux.')")));
}

TEST(Misfit, WithoutAPartOfALayerIsOfAnotherModel) {
  const std::vector<TensorView> without_bias{model[0], model[1]};
  EXPECT_THAT(misfit("w", without_bias, model), AllOf(HasSubstr("model.name"), Not(HasSubstr("Python"))));
}

TEST(Misfit, OfAnotherDtypeSaysHowToConvert) {
  auto held = model;
  for (TensorView& each : held) each.dtype = "F16";
  EXPECT_THAT(misfit("w", held, model), HasSubstr("w.to(torch.float32)"));
}

TEST(Misfit, OfAnotherModelSaysSo) {
  EXPECT_THAT(misfit("w", {tensor("lstm.weight", {4, 4})}, model), HasSubstr("model.name"));
  auto deeper = model;
  deeper.push_back(tensor("conv2.weight", {8, 8, 3, 3}));
  EXPECT_THAT(misfit("w", deeper, model), AllOf(HasSubstr("1 unexpected"), Not(HasSubstr("missing"))));
  auto wider = model;
  wider[0].shape = {16, 1, 3, 3};
  wider[1].shape = {10, 16};
  EXPECT_THAT(misfit("w", wider, model), AllOf(HasSubstr("model.name"), Not(HasSubstr("outputs"))));
}

TEST(Misfit, WithoutTheOptimizersStateSaysSo) {
  auto wanted = model;
  wanted.push_back(tensor("tlaunch.optimizer.exp_avg.fc.weight", {10, 8}));
  EXPECT_THAT(misfit("w", model, wanted), AllOf(HasSubstr("1 missing"), HasSubstr("train.optimizer")));
}

TEST(Misfit, OfThousandsOfTensorsWithLongNamesIsTenShortLines) {
  std::vector<TensorView> held, wanted;
  for (int i = 0; i < 5000; ++i) {
    held.push_back(tensor("held" + std::to_string(i) + std::string(500, 'x'), {i, i}));
    wanted.push_back(tensor("wanted" + std::to_string(i) + std::string(500, 'x'), {i, i}));
    held.push_back(tensor("both" + std::to_string(i), {i, 2}));
    wanted.push_back(tensor("both" + std::to_string(i), {i, 3}));
  }
  const std::string message = misfit("w", held, wanted);
  EXPECT_LE(std::count(message.begin(), message.end(), '\n'), 9);
  EXPECT_LT(message.size(), 2000u);
  for (const char* line : {"5000 missing: ", "5000 unexpected: ", "5000 of another"})
    EXPECT_THAT(message, HasSubstr(line));
}

}  // namespace
}  // namespace tlaunch
