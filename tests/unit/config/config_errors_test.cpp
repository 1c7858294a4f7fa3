// The messages, word for word, because they are all that a user sees of a wrong config.
#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

class ConfigErrors : public test::ConfigTest {};

TEST_F(ConfigErrors, AllAtOnceInTheOrderOfTheFileAndTheCommandLineLast) {
  EXPECT_EQ(errors(R"(seed: -1
model:
  name: resnett
data: {name: fashion_mnist, agment: true}
train:
  epcohs: 3
  learning_rate: fast
  schedule: cosinus
  batch_size: 0
training: {epochs: 3}
eval: 5
gpu: {tf32: [1]}
)",
                   {"train.max_steps=-1", "data.batch_size=4", "nonsense", "train=3"}),
            "c.yaml:1:7: seed: '-1' is too small; expected an integer of at least 0\n"
            "c.yaml:3:9: model.name: unknown model 'resnett'; expected one of lstm, resnet; did you mean resnet?\n"
            "c.yaml:4:29: data.agment: unknown key; did you mean data.augment?\n"
            "c.yaml:6:3: train.epcohs: unknown key; did you mean train.epochs?\n"
            "c.yaml:7:18: train.learning_rate: 'fast' is not a finite number; expected a number above 0\n"
            "c.yaml:8:13: train.schedule: 'cosinus' is not known; expected one of cosine, step, constant; did you mean "
            "cosine?\n"
            "c.yaml:9:15: train.batch_size: '0' is too small; expected an integer from 1 to 1073741824, or auto\n"
            "c.yaml:10:12: training.epochs: unknown key; did you mean train.epochs?\n"
            "c.yaml:11:7: eval: is a section; expected a map of keys\n"
            "c.yaml:12:13: gpu.tf32: is a list; expected true, false or auto\n"
            "command line: train.max_steps=-1: '-1' is too small; expected an integer from 1 to 1000000000000\n"
            "command line: data.batch_size=4: unknown key; did you mean train.batch_size?\n"
            "command line: nonsense: is not key=value; write for example train.epochs=3\n"
            "command line: train=3: train is a section; expected train.KEY=VALUE");
}

TEST_F(ConfigErrors, ModelAndDataSetAreRequired) {
  EXPECT_EQ(errors("train: {epochs: 1}\ndata: {}\n"),
            "c.yaml:1:1: model.name: is required; expected one of lstm, resnet\n"
            "c.yaml:2:1: data.name: is required; expected one of fashion_mnist, sessions, dpkg");
}

TEST_F(ConfigErrors, DataRootIsRequiredWhereTheDataSetHasNoFolder) {
  EXPECT_EQ(errors("model: {name: lstm}\ndata: {name: sessions}\n"),
            "c.yaml:2:1: data.root: is required: data set sessions has no default folder; expected the folder with its "
            "files");
}

TEST_F(ConfigErrors, KeysOfModelsAreCheckedAgainstTheDescription) {
  EXPECT_EQ(errors("model: {name: resnet, depth: 9, stem: smal, width: 1.5, window: 3}\ndata: {name: fashion_mnist}\n"),
            "c.yaml:1:30: model.depth: '9' is not known; expected one of 8, 14, 20\n"
            "c.yaml:1:39: model.stem: 'smal' is not known; expected one of small, large; did you mean small?\n"
            "c.yaml:1:52: model.width: '1.5' is not an integer; expected an integer of at least 1\n"
            "c.yaml:1:57: model.window: is not a key of model resnet, only of lstm");
}

TEST_F(ConfigErrors, ModelAndDataSetMustTakeTheSameKindOfSamples) {
  EXPECT_EQ(errors("model: {name: lstm}\ndata: {name: fashion_mnist}\n"),
            "c.yaml:1:15: model.name: model lstm needs samples of kind keys, but data set fashion_mnist has kind "
            "image; choose another model or data set");
}

TEST_F(ConfigErrors, TwoOfAGroupInOneFile) {
  EXPECT_EQ(errors(image + "train:\n  epochs: 3\n  max_steps: 4\n"),
            "c.yaml:4:3: train.epochs: train.max_steps in line 5 excludes this key; remove one of the two");
}

TEST_F(ConfigErrors, AKeyGivenTwice) {
  EXPECT_EQ(errors(image + "train: {epochs: 3}\nseed: 1\ntrain: {epochs: 4}\nseed: 2\n"),
            "c.yaml:5:1: train: is given twice, first in line 3; remove one\n"
            "c.yaml:6:1: seed: is given twice, first in line 4; remove one");
}

TEST_F(ConfigErrors, CombinationsThatCannotWork) {
  EXPECT_EQ(
      errors(image + "train: {schedule: step}\n"),
      "c.yaml:3:19: train.schedule: train.schedule=step needs train.step_epochs; expected a number of epochs there");
  EXPECT_EQ(errors(image, {"train.step_epochs=3"}),
            "command line: train.step_epochs=3: train.step_epochs needs train.schedule=step, but the schedule is "
            "cosine; expected none");
  EXPECT_EQ(errors(image, {"train.momentum=0.9"}),
            "command line: train.momentum=0.9: train.momentum needs train.optimizer=sgd, but the optimizer is adamw; "
            "expected 0");
  EXPECT_EQ(
      errors(image, {"model.dtype=float64", "gpu.mixed_precision=bf16"}),
      "command line: gpu.mixed_precision=bf16: gpu.mixed_precision=bf16 cannot be combined with model.dtype=float64; "
      "expected off or auto");
  EXPECT_EQ(
      errors(image + "deterministic: true\ngpu: {cudnn_benchmark: true}\n"),
      "c.yaml:4:24: gpu.cudnn_benchmark: gpu.cudnn_benchmark=true cannot be combined with deterministic=true; expected "
      "false or auto");
  EXPECT_EQ(
      errors(image, {"train.batch_size=96", "train.gradient_accumulation_steps=2"}),
      "command line: train.batch_size=96: train.batch_size=96 x train.gradient_accumulation_steps=2 does not divide "
      "train.effective_batch_size=256; expected 192 x the number of ranks");
  EXPECT_EQ(errors(image, {"train.batch_size=96", "launch.nproc=3"}),
            "command line: train.batch_size=96: train.batch_size=96 does not divide train.effective_batch_size=256; "
            "expected train.effective_batch_size=288");
  EXPECT_EQ(
      errors(image, {"train.effective_batch_size=100", "train.batch_size=25", "train.gradient_accumulation_steps=4"}),
      "");
}

TEST_F(ConfigErrors, ARuleIsNotCheckedOnAValueThatIsWrongItself) {
  EXPECT_EQ(
      errors(image, {"train.optimizer=sdg", "train.momentum=0.9"}),
      "command line: train.optimizer=sdg: 'sdg' is not known; expected one of sgd, adam, adamw; did you mean sgd?");
}

TEST_F(ConfigErrors, EmptyValuesAndMaps) {
  EXPECT_EQ(errors(image + "train:\n  epochs:\n  optimizer: {lr: 3}\n  clip_grad_norm: ~\n", {"seed="}),
            "c.yaml:4:3: train.epochs: has no value; expected an integer from 1 to 1000000000\n"
            "c.yaml:5:14: train.optimizer: is a map; expected one of sgd, adam, adamw\n"
            "c.yaml:6:3: train.clip_grad_norm: has no value; expected a number above 0, or off\n"
            "command line: seed=: has no value; expected an integer of at least 0");
}

TEST_F(ConfigErrors, NumbersMustBeWholeFiniteAndInRange) {
  const auto only = [&](const std::string& override) { return errors(image, {override}); };
  EXPECT_NE(only("train.epochs=3.0"), "");
  EXPECT_NE(only("train.epochs=3 epochs"), "");
  EXPECT_NE(only("train.epochs=99999999999999999999"), "");
  EXPECT_NE(only("train.learning_rate=nan"), "");
  EXPECT_NE(only("train.learning_rate=inf"), "");
  EXPECT_NE(only("train.learning_rate=0"), "");
  EXPECT_NE(only("train.learning_rate=1e999"), "");
  EXPECT_NE(only("train.momentum=1.1"), "");
  EXPECT_NE(only("launch.nproc=0"), "");
  EXPECT_NE(only("launch.nproc=-2"), "");
  EXPECT_NE(only("launch.nproc=two"), "");
  EXPECT_NE(only("launch.grace_s=-1"), "");
  EXPECT_NE(only("deterministic=maybe"), "");
  EXPECT_NE(only("name=a/b"), "");
  EXPECT_NE(only("name=.."), "");
  EXPECT_EQ(only("train.learning_rate=+1E-3"), "");
}

TEST_F(ConfigErrors, AMissingFileNamesItsNeighbour) {
  write("resnet.yaml", image);
  EXPECT_EQ(errors_of({folder / "resmet.yaml", {}, {}}), "resmet.yaml: no such file; did you mean resnet.yaml?");
  EXPECT_EQ(errors_of({folder / "quite_another.yaml", {}, {}}), "quite_another.yaml: no such file");
  EXPECT_EQ(errors_of({folder / "no/such.yaml", {}, {}}), "no/such.yaml: no such file");
}

TEST_F(ConfigErrors, ExtendsThatLeadsNowhereOrInACircle) {
  write("base.yaml", image);
  EXPECT_EQ(errors(image + "extends: bose.yaml\n"),
            "c.yaml:3:10: extends: bose.yaml: no such file; did you mean base.yaml?");
  write("a.yaml", "extends: c.yaml\n");
  EXPECT_EQ(errors(image + "extends: a.yaml\n"),
            "a.yaml:1:10: extends: 'c.yaml' extends this file in turn, a circle; remove one extends");
  EXPECT_EQ(errors(image + "extends: ./c.yaml\n"),
            "c.yaml:3:10: extends: './c.yaml' extends this file in turn, a circle; remove one extends");
  EXPECT_EQ(errors(image + "extends: [a, b]\n"), "c.yaml:3:10: extends: expected the path of one YAML file");
  EXPECT_EQ(errors(image, {"extends=base.yaml"}), "command line: extends=base.yaml: extends is allowed only in a file");
}

TEST_F(ConfigErrors, AMistakeInABaseNamesTheBase) {
  write("base.yaml", image + "seeed: 1\n");
  EXPECT_EQ(errors("extends: base.yaml\n"), "base.yaml:3:1: seeed: unknown key; did you mean seed?");
  write("base.yaml", "a: [\n");
  EXPECT_EQ(errors(image + "extends: base.yaml\n").substr(0, 31), "base.yaml:2:1: not valid YAML: ");
}

TEST_F(ConfigErrors, VariablesThatAreNotSet) {
  EXPECT_EQ(
      errors(image + "train: {epochs: \"${N}\"}\n", {"data.root=${WHERE}"}),
      "c.yaml:3:17: train.epochs: environment variable N is not set; set it or write ${N:-default}\n"
      "command line: data.root=${WHERE}: environment variable WHERE is not set; set it or write ${WHERE:-default}");
}

TEST_F(ConfigErrors, AVariableInAFlowMapMustBeQuoted) {
  EXPECT_EQ(
      errors(image + "train: {epochs: ${N}}\n"),
      "c.yaml:3:18: not valid YAML: end of map flow not found; within { } or [ ] a variable needs quotes: \"${VAR}\"");
}

TEST_F(ConfigErrors, DottedKeysBelongOnTheCommandLine) {
  EXPECT_EQ(errors(image + "train.epochs: 3\n"),
            "c.yaml:3:1: train.epochs: a key in a file must not be empty or contain a dot; write its section and key, "
            "such as train: {epochs: 3}");
}

TEST_F(ConfigErrors, KeysThatAreNotBuiltYetAreUnknown) {
  EXPECT_EQ(errors(image + "launch: {max_rewinds: 3}\n"), "c.yaml:3:10: launch.max_rewinds: unknown key");
}

}  // namespace
}  // namespace tlaunch
