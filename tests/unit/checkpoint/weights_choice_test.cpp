// Which dict of a training script's file is chosen as the weights, and when the user has to choose.
#include "checkpoint/torch_file/weights_choice.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "checkpoint/torch_file/torch_file.h"
#include "checkpoint/torch_file/unpickler.h"
#include "tests/unit/checkpoint/pickles.h"
#include "tests/unit/checkpoint/python_fixture.h"

namespace tlaunch {
namespace {

using namespace test;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Items = std::vector<std::pair<std::string, std::string>>;

std::string dict_of(const Items& items) {
  std::string text = "}(";
  for (const auto& [name, value] : items) text += unicode(name) + value;
  return text + "u";
}

// A number, and what a linear layer has.
const std::string number = tensor(storage(6), 0, "", "");
const std::string vector = tensor(storage(6), 0, integer(3), integer(1));
const std::string matrix = tensor(storage(6), 0, integer(2) + integer(3), integer(3) + integer(1));
const std::string counts =
    tensor(storage(6, "LongStorage"), 0, integer(2) + integer(3), integer(3) + integer(1));  // a matrix of integers
const std::string epoch = "K\x03";
const std::string weights = dict_of({{"fc.weight", matrix}, {"fc.bias", vector}});
const std::string discriminator = dict_of({{"fc.weight", matrix}, {"fc.bias", vector}});
const std::string optimizer =
    dict_of({{"state", dict_of({{"fc.weight", dict_of({{"exp_avg", matrix}})}})}, {"param_groups", "]"}});

PickledStateDict taken(const Items& items, const std::string& key = "") {
  return unpickle_state_dict(pickle(dict_of(items)), "f.pt", key);
}

std::vector<std::string> names(const PickledStateDict& found) {
  std::vector<std::string> all;
  for (const PickledTensor& tensor : found.tensors) all.push_back(tensor.name);
  return all;
}

struct Layout {
  const char* name;
  Items items;
  const char* path;  // of the weights
  friend void PrintTo(const Layout& layout, std::ostream* out) { *out << layout.name; }
};

class OneDictIsMeant : public testing::TestWithParam<Layout> {};

TEST_P(OneDictIsMeant, AndItAloneIsTaken) {
  const PickledStateDict found = taken(GetParam().items);
  EXPECT_EQ(found.path, GetParam().path);
  EXPECT_THAT(names(found), ElementsAre("fc.bias", "fc.weight"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, OneDictIsMeant,
    testing::Values(
        Layout{"StateDict", {{"state_dict", weights}}, "state_dict"},
        Layout{"ImageNetExample",
               {{"epoch", epoch}, {"state_dict", weights}, {"best_acc1", number}, {"optimizer", optimizer}},
               "state_dict"},
        Layout{"TutorialWithALoss",
               {{"loss", number}, {"model_state_dict", weights}, {"optimizer_state_dict", optimizer}},
               "model_state_dict"},
        Layout{"TorchvisionReferences", {{"model", weights}, {"optimizer", optimizer}, {"rng_state", vector}}, "model"},
        Layout{"Lightning",
               {{"state_dict", weights},
                {"callbacks", dict_of({{"ModelCheckpoint", dict_of({{"best_model_score", number}})}})},
                {"optimizer_states", "]" + optimizer + "a"}},
               "state_dict"},
        Layout{"MetricsInADict",
               {{"model", weights}, {"metrics", dict_of({{"acc", number}, {"confusion", matrix}})}},
               "model"},
        Layout{"MatrixBesideIt",
               {{"state_dict", weights}, {"confusion", matrix}, {"class_weights", vector}},
               "state_dict"},
        Layout{"OptimizerOfNamedTensors",
               {{"net", weights}, {"optim", dict_of({{"fc.weight", matrix}})}, {"G_opt", optimizer}},
               "net"},
        Layout{"OneDeeper",
               {{"checkpoint", dict_of({{"model", weights}, {"epoch", epoch}, {"best", number}})}},
               "checkpoint/model"},
        Layout{"ModelOfOneDict", {{"model", dict_of({{"state_dict", weights}, {"arch", epoch}})}}, "model/state_dict"},
        Layout{"UnusualKey", {{"netG", weights}, {"best", number}, {"step", epoch}}, "netG"},
        Layout{"ListOfOneModel", {{"model", "]" + weights + "a"}, {"epoch", epoch}}, "model/0"},
        Layout{"TupleOfWeightsAndMore", {{"models", "(" + weights + number + "t"}, {"epoch", epoch}}, "models/0"},
        Layout{
            "OptimizersUnderOddKeys",
            {{"net_a", weights},
             {"adam", dict_of({{"state", dict_of({{"fc.weight", dict_of({{"step", number}, {"exp_avg", matrix}})}})}})},
             {"m", dict_of({{"fc.weight", dict_of({{"momentum_buffer", matrix}})}})},
             {"slots", dict_of({{"exp_avg", dict_of({{"fc.weight", matrix}})}})}},
            "net_a"},
        Layout{"Capitals", {{"Model_State_Dict", weights}, {"loss", number}}, "Model_State_Dict"},
        Layout{"TwiceTheSame", {{"a", weights + "q" + '\0'}, {"model", std::string("h") + '\0'}}, "model"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(WeightsChoice, AFlatFileIsTakenAsItIs) {
  EXPECT_EQ(unpickle_state_dict(pickle(weights), "f").path, top_level_key);
  const auto mixed = taken({{"fc.weight", matrix}, {"fc.bias", vector}, {"epoch", epoch}});
  EXPECT_THAT(names(mixed), ElementsAre("fc.bias", "fc.weight"));
  EXPECT_THAT(mixed.left_out, ElementsAre("'epoch' (an integer)"));
  EXPECT_THAT(names(taken({{"weight", vector}, {"bias", vector}})), ElementsAre("bias", "weight"));
}

TEST(WeightsChoice, WhatIsLeftOutIsNamed) {
  const auto found = taken({{"state_dict", dict_of({{"fc.weight", matrix}, {"fc._extra_state", "N"}})},
                            {"best_acc1", number},
                            {"epoch", epoch},
                            {"optimizer", optimizer}});
  EXPECT_THAT(found.left_out, ElementsAre("'fc._extra_state' (None)", "'best_acc1' (a tensor)", "'epoch' (an integer)",
                                          "'optimizer' (a dict)"));
}

TEST(WeightsChoice, WhatIsUnderNumbersIsCounted) {
  const auto found = taken({{"model", "}(" + unicode("fc.weight") + matrix + epoch + "Nu"}});
  EXPECT_THAT(found.left_out, ElementsAre("1 entry whose key is not a string"));
}

std::string refusal(const Items& items, const std::string& key = "") {
  try {
    return "took " + taken(items, key).path;
  } catch (const UsageError& error) {
    return error.what();
  }
}

const std::string complex =
    tensor(storage(6, "ComplexDoubleStorage"), 0, integer(2) + integer(3), integer(3) + integer(1));
const std::string sparse = global("torch._utils", "_rebuild_sparse_tensor") + tuple("NN") + "R";
const std::string negated =
    global("torch._utils", "_rebuild_tensor_v2") +
    tuple(storage(6) + integer(0) + tuple(integer(3)) + tuple(integer(1)) + "\x89N" + dict("neg", "\x88")) + "R";

// Why the weights cannot be written.
std::string damage(const Items& items, const std::string& key = "") {
  try {
    return "took " + taken(items, key).path;
  } catch (const DataError& error) {
    return error.what();
  }
}

TEST(WeightsChoice, ATensorOfTheWeightsThatCannotBeWrittenIsAnError) {
  EXPECT_THAT(damage({{"fc.weight", matrix}, {"fc.mask", sparse}, {"fc.phase", complex}, {"fc.bias", negated}}),
              AllOf(HasSubstr("f.pt: the weights have 'fc.bias' (a conjugated or negated view of a tensor), 'fc.mask' "
                              "(a sparse tensor), 'fc.phase' (a tensor of torch.ComplexDoubleStorage), which a "
                              "safetensors file cannot hold"),
                    HasSubstr(".to_dense()")));
  const Items nested{{"state_dict", dict_of({{"fc.weight", matrix}, {"fc.mask", sparse}})}, {"epoch", epoch}};
  EXPECT_THAT(damage(nested), HasSubstr("the weights under 'state_dict' have 'fc.mask'"));
  EXPECT_THAT(damage(nested, "state_dict"), HasSubstr("'fc.mask'"));
  EXPECT_THAT(damage({{"state_dict", dict_of({{"fc.weight", complex}})}}), HasSubstr("'fc.weight'"));
  EXPECT_THAT(damage({{"fc.weight", complex}}), HasSubstr("'fc.weight'"));
  EXPECT_THAT(damage({{"model", "}(" + unicode("fc.weight") + matrix + epoch + vector + "u"}}),
              HasSubstr("a tensor whose key is an integer"));
}

TEST(WeightsChoice, ATensorBesideTheWeightsThatCannotBeWrittenIsLeftOut) {
  const auto found = taken({{"state_dict", weights}, {"mask", sparse}, {"extra", dict_of({{"fc.phase", complex}})}});
  EXPECT_EQ(found.path, "state_dict");
  EXPECT_THAT(found.left_out, ElementsAre("'extra' (a dict)", "'mask' (a sparse tensor)"));
}

TEST(WeightsChoice, WhereSeveralDictsCanBeMeantTheUserHasToSay) {
  EXPECT_EQ(refusal({{"model", weights}, {"model_ema", discriminator}, {"optimizer", optimizer}}),
            "f.pt: the weights can be 'model', 'model_ema'; choose one: --key NAME");
  EXPECT_THAT(refusal({{"netG", weights}, {"netD", discriminator}}), HasSubstr("can be 'netD', 'netG'; choose"));
  EXPECT_THAT(refusal({{"state_dict", weights}, {"state_dict_ema", discriminator}}), HasSubstr("'state_dict_ema'"));
  EXPECT_THAT(refusal({{"model", weights}, {"ema", dict_of({{"shadow", discriminator}})}}), HasSubstr("'ema/shadow'"));
  EXPECT_THAT(refusal({{"model", weights}, {"classifier", dict_of({{"weight", matrix}})}}), HasSubstr("'classifier'"));
  EXPECT_EQ(refusal({{"model", "]" + weights + "a"}, {"ema", discriminator}}),
            "f.pt: the weights can be 'ema', 'model/0'; choose one: --key NAME");
  EXPECT_THAT(refusal({{"model", "(" + weights + discriminator + "t"}}),
              HasSubstr("can be 'model/0', 'model/1'; choose"));
  EXPECT_THAT(refusal({{"fc.weight", matrix}, {"ema", discriminator}}), HasSubstr("'.' (the top level), 'ema'"));
}

// A part of the same model may have no matrix, or none that can be written.
TEST(WeightsChoice, ADictOfParametersBesideTheOneUnderAnUnusualKeyIsItsRival) {
  const std::string message = "f.pt: the weights can be 'decoder', 'encoder'; choose one: --key NAME";
  for (const std::string& decoder : {discriminator, dict_of({{"weight", vector}}), dict_of({{"fc.weight", complex}}),
                                     dict_of({{"0.bias", vector}, {"0.mask", sparse}})})
    EXPECT_EQ(refusal({{"encoder", weights}, {"decoder", decoder}, {"epoch", epoch}}), message);
  EXPECT_EQ(refusal({{"encoder", weights}, {"metrics", dict_of({{"val.acc", number}, {"classes", counts}})}}),
            "took encoder");
}

// For example, one dict is saved as both the model and its average.
TEST(WeightsChoice, ADictUnderTwoKeysIsNamedByEither) {
  const Items same{{"ema", weights + "q" + '\0'},
                   {"model", std::string("h") + '\0'},
                   {"run", dict_of({{"net", std::string("h") + '\0'}, {"epoch", epoch}})}};
  for (const std::string key : {"model", "ema", "run/net"}) {
    const auto found = taken(same, key);
    EXPECT_EQ(found.path, key);
    EXPECT_THAT(names(found), ElementsAre("fc.bias", "fc.weight"));
    EXPECT_THAT(found.left_out, ElementsAre("'run' (a dict)"));
  }
  EXPECT_THAT(refusal(same, "run/model"), HasSubstr("leads to no dict of tensors"));
}

TEST(WeightsChoice, WhatLooksLikeNoModelIsNotTakenForOne) {
  EXPECT_EQ(refusal({{"epoch", epoch}, {"best_acc1", number}, {"metrics", dict_of({{"confusion", counts}})}}),
            "f.pt: nothing in it looks like a model's weights; dicts of tensors: '.' (the top level), 'metrics'; "
            "choose one: --key NAME");
  EXPECT_THROW(taken({{"optimizer", optimizer}, {"epoch", epoch}}), DataError);
  EXPECT_THROW(taken({{"adam", dict_of({{"fc.weight", dict_of({{"exp_avg", matrix}, {"exp_avg_sq", matrix}})}})}}),
               DataError);
  EXPECT_THROW(taken({{"state", dict_of({{"fc.weight", matrix}})}, {"param_groups", "]"}}), DataError);
}

TEST(WeightsChoice, AKeyChooses) {
  const Items two{{"model", weights}, {"ema", dict_of({{"shadow", dict_of({{"w", matrix}})}})}, {"a/b", weights}};
  EXPECT_THAT(names(taken(two, "ema/shadow")), ElementsAre("w"));
  EXPECT_THAT(names(taken(two, "model")), ElementsAre("fc.bias", "fc.weight"));
  EXPECT_EQ(taken(two, "a/b").path, "a/b");
  EXPECT_EQ(taken({{"model", "(" + weights + discriminator + "t"}}, "model/1").path, "model/1");
  EXPECT_THAT(names(taken({{"w", matrix}, {"model", weights}}, ".")), ElementsAre("w"));
  EXPECT_THAT(refusal(two, "ema"),
              HasSubstr("--key ema leads to no dict of tensors; dicts of tensors: 'model', 'a/b'"));
  EXPECT_THAT(refusal(two, "shadow"), HasSubstr("leads to no dict of tensors"));
  EXPECT_THAT(refusal(two, "xema/shadow"), HasSubstr("leads to no dict of tensors"));
  EXPECT_THAT(refusal({{"optimizer", optimizer}, {"model", weights}}, "optimizer"), HasSubstr("no dict of tensors"));
}

TEST(WeightsChoice, ManyDictsAndLongNamesMakeAShortMessage) {
  Items many;
  for (int i = 0; i < 1000; ++i) many.emplace_back(std::to_string(i) + std::string(1000, 'x'), weights);
  const std::string message = refusal(many);
  EXPECT_THAT(message, HasSubstr("and 990 more"));
  EXPECT_LT(message.size(), 2000u);
}

TEST(WeightsChoice, DictsNestedAMillionDeepAreNoTrouble) {
  const std::string deep = times("}" + unicode("a"), 1'000'000) + dict("w", matrix) + times("s", 1'000'000);
  EXPECT_THAT(names(unpickle_state_dict(pickle(deep), "f")), ElementsAre("w"));
}

using WeightsChoicePython = PythonTest;

// Files that torch.save writes, laid out as training scripts do.
TEST_F(WeightsChoicePython, LayoutsOfRealScripts) {
  const auto result = run(R"(
import sys, torch
dir = sys.argv[1]
net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(16, 3))
ema = {k: v * 2 for k, v in net.state_dict().items()}
optimizer = torch.optim.AdamW(net.parameters())
net(torch.zeros(2, 1, 4, 4)).sum().backward()
optimizer.step()
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
state, best, rng = net.state_dict(), torch.tensor(71.2), torch.get_rng_state()
torch.save({'epoch': 3, 'arch': 'resnet18', 'state_dict': state, 'best_acc1': best, 'optimizer': optimizer.state_dict(),
            'scheduler': scheduler.state_dict()}, dir + '/imagenet.pt')
torch.save({'model': state, 'optimizer': optimizer.state_dict(), 'lr_scheduler': scheduler.state_dict(), 'epoch': 3,
            'scaler': {'scale': 65536., 'growth': best}, 'rng_state': rng, 'rng': {'cpu': rng}}, dir + '/references.pt')
torch.save({'epoch': 1, 'global_step': 7, 'pytorch-lightning_version': '2.0', 'state_dict': state, 'loops': {},
            'callbacks': {'ModelCheckpoint': {'best_model_score': best}}, 'optimizer_states': [optimizer.state_dict()],
            'lr_schedulers': [scheduler.state_dict()], 'hparams_name': 'kwargs', 'hyper_parameters': {'lr': 1e-3}},
           dir + '/lightning.pt')
torch.save({'epoch': 3, 'arch': 'x', 'state_dict': state, 'state_dict_ema': ema, 'amp_scaler': {'scale': 1.}},
           dir + '/timm.pt')
)");
  ASSERT_EQ(result.exit_code, 0) << result.text;
  const auto key_of = [&](const std::string& name) {
    const TorchFile file(dir_ / name);
    EXPECT_EQ(file.tensors().size(), 9u) << name;
    return file.key();
  };
  EXPECT_EQ(key_of("imagenet.pt"), "state_dict");
  EXPECT_EQ(key_of("references.pt"), "model");
  EXPECT_EQ(key_of("lightning.pt"), "state_dict");
  EXPECT_THROW(TorchFile(dir_ / "timm.pt"), UsageError);
  EXPECT_EQ(TorchFile(dir_ / "timm.pt", "state_dict_ema").key(), "state_dict_ema");
  EXPECT_THAT(TorchFile(dir_ / "imagenet.pt").left_out(),
              AllOf(Contains("'best_acc1' (a tensor)"), Not(Contains(HasSubstr("state_dict")))));
}

}  // namespace
}  // namespace tlaunch
