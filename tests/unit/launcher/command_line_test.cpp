// What each command line means, and what is said where it means nothing.
#include "launcher/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Words = std::vector<std::string>;

template <typename T>
T as(const Words& words) {
  return std::get<T>(parse_command_line(words));
}

std::string refusal(const Words& words) {
  try {
    parse_command_line(words);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), exit_code::usage);
    return error.what();
  }
  return "accepted";
}

TEST(CommandLine, ConfigWithOptionsBeforeAndAfterIt) {
  const auto run = as<RunCommand>(
      {"--nproc", "2", "a.yaml", "train.epochs=-1", "--run-dir=r", "x.y=z", "--resume", "auto", "--json"});
  EXPECT_EQ(run.config, "a.yaml");
  EXPECT_EQ(run.nproc, "2");
  EXPECT_EQ(run.run_dir, "r");
  EXPECT_EQ(run.resume, "auto");
  EXPECT_TRUE(run.json);
  EXPECT_FALSE(run.smoke);
  EXPECT_THAT(run.overrides, ElementsAre("train.epochs=-1", "x.y=z"));
}

TEST(CommandLine, OptionsStandBeforeOrAfterACommand) {
  EXPECT_TRUE(as<ProbeCommand>({"--json", "probe"}).json);
  EXPECT_TRUE(as<ProbeCommand>({"probe", "--json"}).json);
  for (const Words& words : {Words{"--nproc", "2", "evaluate", "a.yml", "--checkpoint", "c", "k=v"},
                             Words{"evaluate", "--checkpoint", "c", "a.yml", "k=v", "--nproc", "2"}}) {
    const auto evaluate = as<EvaluateCommand>(words);
    EXPECT_EQ(evaluate.nproc, "2");
    EXPECT_EQ(evaluate.config, "a.yml");
    EXPECT_EQ(evaluate.checkpoint, "c");
    EXPECT_THAT(evaluate.overrides, ElementsAre("k=v"));
  }
}

TEST(CommandLine, CheckpointsHasItsOwnVerbs) {
  const auto list = as<CheckpointsCommand>({"--json", "checkpoints", "list", "runs/a"});
  EXPECT_EQ(list.verb, CheckpointsCommand::Verb::list);
  EXPECT_EQ(list.path, "runs/a");
  EXPECT_TRUE(list.json);
  const auto prune = as<CheckpointsCommand>({"checkpoints", "prune", "runs/a", "--dry-run", "checkpoint.save_last=false"});
  EXPECT_TRUE(prune.dry_run);
  EXPECT_THAT(prune.overrides, ElementsAre("checkpoint.save_last=false"));
  const auto to_torch = as<CheckpointsCommand>({"--format", "torch", "checkpoints", "--output", "w.pt", "export", "runs/a"});
  EXPECT_EQ(to_torch.verb, CheckpointsCommand::Verb::export_weights);
  EXPECT_EQ(to_torch.format, "torch");
  EXPECT_EQ(to_torch.output, "w.pt");
  EXPECT_THAT(refusal({"checkpoints"}), HasSubstr("list, verify, prune, export or import"));
  EXPECT_THAT(refusal({"checkpoints", "verfy", "runs/a"}), HasSubstr("did you mean verify?"));
  EXPECT_THAT(refusal({"checkpoints", "list"}), HasSubstr("needs a RUN_DIR"));
  EXPECT_THAT(refusal({"checkpoints", "list", "a", "b"}), HasSubstr("unexpected argument 'b'"));
  EXPECT_THAT(refusal({"checkpoints", "import", "w.pt"}), HasSubstr("needs --output"));
  EXPECT_THAT(refusal({"checkpoints", "export", "a", "--format", "onnx"}), HasSubstr("--format"));
  EXPECT_THAT(refusal({"checkpoints", "verify", "a", "--dry-run"}), HasSubstr("unknown option --dry-run"));
  EXPECT_THAT(as<PrintCommand>({"checkpoints", "--help"}).text, HasSubstr("import FILE"));
  EXPECT_THAT(as<PrintCommand>({"checkpoints", "prune", "--help"}).text, HasSubstr("--dry-run"));
}

TEST(CommandLine, AllThatFollowsAProgramIsThePrograms) {
  const auto script = as<ProgramCommand>({"--nproc", "4", "train.py", "--lr", "1", "--nproc", "9", "a.yaml"});
  EXPECT_EQ(script.kind, ProgramKind::python_script);
  EXPECT_EQ(script.program, "train.py");
  EXPECT_EQ(script.nproc, "4");
  EXPECT_THAT(script.arguments, ElementsAre("--lr", "1", "--nproc", "9", "a.yaml"));

  const auto module = as<ProgramCommand>({"-m", "pkg.train", "-m", "x"});
  EXPECT_EQ(module.kind, ProgramKind::python_module);
  EXPECT_EQ(module.program, "pkg.train");
  EXPECT_THAT(module.arguments, ElementsAre("-m", "x"));

  const auto dashes = as<ProgramCommand>({"--grace", "1", "--", "sleep.py", "--help"});
  EXPECT_EQ(dashes.kind, ProgramKind::python_script);
  EXPECT_EQ(dashes.grace_s, 1.0);
  EXPECT_THAT(dashes.arguments, ElementsAre("--help"));

  const auto plain = as<ProgramCommand>({"--no-python", "train.py", "-h"});
  EXPECT_EQ(plain.kind, ProgramKind::executable);
  EXPECT_THAT(plain.arguments, ElementsAre("-h"));
  EXPECT_THAT(as<ProgramCommand>({"--", "/bin/true"}).arguments, IsEmpty());
}

TEST(CommandLine, TheWordTorchrunReplacedIsEnough) {
  const auto script =
      as<ProgramCommand>({"--standalone", "--nnodes=1", "--node_rank", "0", "--rdzv_backend=c10d", "--rdzv_endpoint",
                          "localhost:0", "--master_port=29501", "--nproc_per_node=2", "t.py", "--nnodes=3"});
  EXPECT_EQ(script.nproc, "2");
  EXPECT_THAT(script.arguments, ElementsAre("--nnodes=3"));
  EXPECT_EQ(as<ProgramCommand>({"--nproc-per-node", "gpu", "--no_python", "t"}).nproc, "gpu");
  EXPECT_THAT(refusal({"--nnodes", "2", "t.py"}), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"--master_addr", "10.0.0.1", "t.py"}), HasSubstr("one machine"));
}

TEST(CommandLine, SmokeOptionsNeedSmoke) {
  const auto run = as<RunCommand>({"--smoke", "--smoke-epochs", "3", "--smoke-minutes", "1.5", "a.yaml"});
  ASSERT_TRUE(run.smoke);
  EXPECT_EQ(run.smoke->epochs, 3);
  EXPECT_EQ(run.smoke->minutes, 1.5);
  EXPECT_FALSE(run.smoke->full);
  EXPECT_THAT(refusal({"--smoke-epochs", "3", "a.yaml"}), HasSubstr("needs --smoke"));
  EXPECT_THAT(refusal({"--smoke", "--smoke-epochs", "1", "a.yaml"}), HasSubstr("--smoke-epochs"));
  EXPECT_THAT(refusal({"--smoke", "--resume", "auto", "a.yaml"}), HasSubstr("--resume"));
}

TEST(CommandLine, AMistypedNameIsAnsweredWithTheNearest) {
  EXPECT_THAT(refusal({"--nprc", "2", "a.yaml"}), HasSubstr("did you mean --nproc?"));
  EXPECT_THAT(refusal({"a.yaml", "--rseume", "auto"}), HasSubstr("did you mean --resume?"));
  EXPECT_THAT(refusal({"probe", "--jsn"}), HasSubstr("did you mean --json?"));
  EXPECT_THAT(refusal({"prob"}), HasSubstr("did you mean 'probe'?"));
  EXPECT_THAT(refusal({"evalute", "a.yaml"}), HasSubstr("did you mean 'evaluate'?"));
}

TEST(CommandLine, WhatCannotBeIsRefusedWithTheReason) {
  EXPECT_THAT(refusal({}), HasSubstr("CONFIG.yaml"));
  EXPECT_THAT(refusal({"a.yaml", "epochs"}), HasSubstr("'epochs' is no key=value"));
  EXPECT_THAT(refusal({"--nproc", "0", "a.yaml"}), HasSubstr("not '0'"));
  EXPECT_THAT(refusal({"--nproc", "two", "a.yaml"}), HasSubstr("not 'two'"));
  EXPECT_THAT(refusal({"--nproc"}), HasSubstr("--nproc"));
  EXPECT_THAT(refusal({"--grace", "-1", "a.yaml"}), HasSubstr("--grace"));
  EXPECT_THAT(refusal({"evaluate", "a.yaml"}), HasSubstr("--checkpoint"));
  EXPECT_THAT(refusal({"--nproc", "2", "probe"}), HasSubstr("unknown option --nproc for tlaunch probe"));
  EXPECT_THAT(refusal({"--"}), HasSubstr("needs a program"));
  EXPECT_THAT(refusal({"-m"}), HasSubstr("needs a module"));
  EXPECT_THAT(refusal({"--no-python"}), HasSubstr("needs a program"));
  EXPECT_THAT(refusal({"--json", "t.py"}), HasSubstr("does not apply to a plain program"));
}

TEST(CommandLine, HelpNamesEveryOptionOfItsCommandAndNoOther) {
  const std::string run = as<PrintCommand>({"--help"}).text;
  for (const char* text : {"--nproc", "--grace", "--resume", "--smoke-full", "--run-dir", "--dry-run", "--json",
                           "--version", "probe", "evaluate", "Examples:"})
    EXPECT_THAT(run, HasSubstr(text));
  const std::string evaluate = as<PrintCommand>({"evaluate", "--help"}).text;
  EXPECT_THAT(evaluate, HasSubstr("--checkpoint"));
  EXPECT_THAT(evaluate, Not(HasSubstr("--smoke")));
  EXPECT_THAT(as<PrintCommand>({"probe", "-h"}).text, Not(HasSubstr("--nproc")));
  EXPECT_THAT(as<PrintCommand>({"--version"}).text, testing::MatchesRegex("tlaunch [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace tlaunch
