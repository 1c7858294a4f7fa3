// How each command line is read, and the messages for wrong ones.
#include "launcher/command_line.h"
#include "base/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdlib.h>

#include <map>
#include <sstream>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Words = std::vector<std::string>;

std::optional<std::string> no_variables(const std::string&) { return std::nullopt; }

template <typename T>
T as(const Words& words, const Getenv& variables = no_variables) {
  return std::get<T>(parse_command_line(words, variables));
}

std::string refusal(const Words& words, const Getenv& variables = no_variables) {
  try {
    parse_command_line(words, variables);
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
  EXPECT_EQ(run.run_dir, "r");
  EXPECT_EQ(run.resume, "auto");
  EXPECT_TRUE(run.json);
  EXPECT_FALSE(run.smoke);
  EXPECT_THAT(run.overrides, ElementsAre("train.epochs=-1", "x.y=z", "launch.nproc=2"));
}

TEST(CommandLine, ATildeIsTheHomeFolderInEveryOptionThatTakesAPath) {
  const std::string before = std::getenv("HOME") ? std::getenv("HOME") : "/";
  ::setenv("HOME", "/home/ada", 1);
  const std::string there = "/home/ada/x";
  const auto run = as<RunCommand>({"~/x.yaml", "--run-dir=~/x", "--resume", "~/x"});
  EXPECT_EQ(run.config, "/home/ada/x.yaml");
  EXPECT_EQ(run.run_dir, there);
  EXPECT_EQ(run.resume, there);
  EXPECT_EQ(as<ProgramCommand>({"--run-dir=~/x", "train.py"}).run_dir, there);
  EXPECT_EQ(as<ProgramCommand>({"--log-dir=~/x", "train.py"}).log_dir, there);
  EXPECT_EQ(as<EvaluateCommand>({"evaluate", "~/c.yaml", "--checkpoint=~/x"}).checkpoint, there);
  EXPECT_EQ(as<TuneCommand>({"tune", "~/c.yaml"}).config, "/home/ada/c.yaml");
  EXPECT_EQ(as<EstimateCommand>({"estimate", "~/c.yaml"}).config, "/home/ada/c.yaml");
  for (const char* verb : {"list", "verify", "prune", "export"})
    EXPECT_EQ(as<CheckpointsCommand>({"checkpoints", verb, "~/x"}).path, there) << verb;
  EXPECT_EQ(as<CheckpointsCommand>({"checkpoints", "export", "r", "--output=~/x"}).output, there);
  EXPECT_EQ(as<CheckpointsCommand>({"checkpoints", "import", "r", "--output=~/x"}).output, there);
  ::setenv("HOME", before.c_str(), 1);
}

TEST(CommandLine, AVariableThatNoShellHasReplacedIsRefused) {
  for (const Words& words : std::vector<Words>{{"a.yaml", "--run-dir", "$HOME/x"},
                                               {"a.yaml", "--resume=${RUN}/x.safetensors"},
                                               {"$HOME/a.yaml"},
                                               {"--run-dir", "$HOME/x", "train.py"},
                                               {"--log-dir", "$HOME/x", "train.py"},
                                               {"evaluate", "a.yaml", "--checkpoint", "$X"},
                                               {"checkpoints", "list", "runs/$NAME"}})
    EXPECT_THAT(refusal(words), HasSubstr("the shell did not replace")) << words.back();
}

TEST(CommandLine, AWordOfAnotherToolIsAnswered) {
  for (const char* word : {"run", "train", "launch"})
    EXPECT_THAT(refusal({word, "a.yaml"}), HasSubstr("needs no command word: tlaunch CONFIG.yaml")) << word;
  EXPECT_THAT(refusal({"eval", "a.yaml"}), HasSubstr("did you mean 'evaluate'?"));
}

TEST(CommandLine, MaxTimeAndOnEndAreKeysOfAConfigAndValuesOfAProgram) {
  EXPECT_THAT(as<RunCommand>({"--max-time", "1h 30min", "--on-end", "mail me", "a.yaml"}).overrides,
              ElementsAre("launch.max_time=1h 30min", "launch.on_end=mail me"));
  EXPECT_THAT(as<RunCommand>({"a.yaml", "--on-end", "'m' \"it's\" ${X}"}).overrides,
              ElementsAre("launch.on_end='''m'' \"it''s\" $${X}'"))
      << "neither YAML nor a variable of the config";
  const auto program = as<ProgramCommand>({"--max-time=8h", "--on-end", "mail me", "--", "p", "--max-time", "x"});
  EXPECT_EQ(program.max_time, "8h");
  EXPECT_EQ(program.on_end, "mail me");
  EXPECT_THAT(program.arguments, ElementsAre("--max-time", "x"));
  for (const char* bad : {"8", "soon", "0s", "-1h", ""})
    EXPECT_THAT(refusal({"--max-time=" + std::string(bad), "a.yaml"}), HasSubstr("max-time")) << bad;
  EXPECT_THAT(refusal({"--smoke", "--max-time", "8h", "a.yaml"}), HasSubstr("--smoke-minutes"));
}

TEST(CommandLine, DoctorTakesARunsFolderAndAFile) {
  const auto plain = as<DoctorCommand>({"doctor"});
  EXPECT_EQ(plain.run_dir, "");
  const auto full = as<DoctorCommand>({"--output", "x.tar.gz", "doctor", "runs/a"});
  EXPECT_EQ(full.run_dir, "runs/a");
  EXPECT_EQ(full.output, "x.tar.gz");
  EXPECT_THAT(refusal({"doctr"}), HasSubstr("did you mean 'doctor'?"));
  EXPECT_THAT(refusal({"doctor", "--outptu", "x"}), HasSubstr("did you mean --output?"));
}

TEST(CommandLine, OptionsThatAreConfigKeysBecomeOverridesThatComeLast) {
  const auto run = as<RunCommand>({"--grace", "1.5", "--max-restarts", "3", "--hang-timeout=5", "--numa", "node",
                                   "--nproc", "cpu", "a.yaml", "launch.grace_s=9"});
  EXPECT_THAT(run.overrides, ElementsAre("launch.grace_s=9", "launch.nproc=cpu", "launch.numa=node",
                                         "launch.grace_s=1.5", "launch.hang_timeout_s=5", "launch.max_restarts=3"));
  EXPECT_THAT(as<EstimateCommand>({"estimate", "--nproc", "2", "a.yaml"}).overrides, ElementsAre("launch.nproc=2"));
  EXPECT_THAT(as<TuneCommand>({"tune", "--nproc", "2", "--numa", "node", "a.yaml"}).overrides,
              ElementsAre("launch.nproc=2", "launch.numa=node"));
}

TEST(CommandLine, OptionsStandBeforeOrAfterACommand) {
  EXPECT_TRUE(as<ProbeCommand>({"--json", "probe"}).json);
  EXPECT_TRUE(as<ProbeCommand>({"probe", "--json"}).json);
  for (const Words& words : {Words{"--nproc", "2", "evaluate", "a.yml", "--checkpoint", "c", "k=v"},
                             Words{"evaluate", "--checkpoint", "c", "a.yml", "k=v", "--nproc", "2"}}) {
    const auto evaluate = as<EvaluateCommand>(words);
    EXPECT_EQ(evaluate.config, "a.yml");
    EXPECT_EQ(evaluate.checkpoint, "c");
    EXPECT_THAT(evaluate.overrides, ElementsAre("k=v", "launch.nproc=2"));
  }
}

TEST(CommandLine, CheckpointsHasItsOwnVerbs) {
  const auto list = as<CheckpointsCommand>({"--json", "checkpoints", "list", "runs/a"});
  EXPECT_EQ(list.verb, CheckpointsCommand::Verb::list);
  EXPECT_EQ(list.path, "runs/a");
  EXPECT_TRUE(list.json);
  const auto prune =
      as<CheckpointsCommand>({"checkpoints", "prune", "runs/a", "--dry-run", "checkpoint.save_last=false"});
  EXPECT_TRUE(prune.dry_run);
  EXPECT_THAT(prune.overrides, ElementsAre("checkpoint.save_last=false"));
  const auto to_torch =
      as<CheckpointsCommand>({"--format", "torch", "checkpoints", "--output", "w.pt", "export", "runs/a"});
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

TEST(CommandLine, AnOptionThatAnotherLeavesWithoutEffectIsRefused) {
  for (const Words& words :
       {Words{"--smoke", "--deadline", "3d"}, Words{"--smoke", "--profile"}, Words{"--smoke", "--stdin"},
        Words{"--smoke", "--dry-run"}, Words{"--smoke", "--resume", "auto"}, Words{"--dry-run", "--deadline", "3d"},
        Words{"--dry-run", "--retune"}, Words{"--dry-run", "--resume", "auto"}}) {
    Words with_config = words;
    with_config.push_back("a.yaml");
    EXPECT_THAT(refusal(with_config), AllOf(HasSubstr(words[0] + " "), HasSubstr("leave " + words[1] + " out")));
  }
  EXPECT_TRUE(as<RunCommand>({"--dry-run", "--json", "--run-dir", "r", "--fit-disk", "a.yaml"}).dry_run);
  EXPECT_THAT(refusal({"tune", "a.yaml", "--gpu", "rtx_4090", "--retune"}), HasSubstr("leave --retune out"));
  EXPECT_THAT(refusal({"tune", "a.yaml", "--gpu", "rtx_4090", "launch.nproc=2"}), HasSubstr("launch.nproc"));
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
  const auto yaml = as<ProgramCommand>({"--nproc_per_node=4", "train.py", "--config", "c.yaml"});
  EXPECT_EQ(yaml.nproc, "4");
  EXPECT_THAT(yaml.arguments, ElementsAre("--config", "c.yaml"));
  EXPECT_EQ(as<ProgramCommand>({"--nproc-per-node", "gpu", "--no_python", "t"}).nproc, "gpu");
  EXPECT_THAT(as<RunCommand>({"--nproc_per_node=2", "a.yaml"}).overrides, ElementsAre("launch.nproc=2"));
}

TEST(CommandLine, TorchrunsOptionsAreReadAsItsParserReadsThem) {
  const auto all = as<ProgramCommand>({"--nproc_per_nod",
                                       "2",
                                       "--nproc-per-node=3",
                                       "--role",
                                       "trainer",
                                       "--rdzv_id=job7",
                                       "--master_addr",
                                       "127.0.0.1",
                                       "--master_port",
                                       "29501",
                                       "-r3",
                                       "-t",
                                       "0:1,1:2",
                                       "--log_dir=logs",
                                       "--local_ranks_filter",
                                       "0,2",
                                       "--virtual_local_rank",
                                       "--signals_to_handle=SIGTERM,SIGUSR1",
                                       "--monitor_interval=5",
                                       "--start_method",
                                       "fork",
                                       "--event_log_handler=null",
                                       "--max-restarts=0",
                                       "-m",
                                       "--rdzv-conf=",
                                       "pkg.train",
                                       "-r",
                                       "0"});
  EXPECT_EQ(all.kind, ProgramKind::python_module);
  EXPECT_EQ(all.program, "pkg.train");
  EXPECT_THAT(all.arguments, ElementsAre("-r", "0"));
  EXPECT_EQ(all.nproc, "3") << "the last wins";
  EXPECT_TRUE(all.nproc_as_torchrun);
  EXPECT_EQ(all.role, "trainer");
  EXPECT_EQ(all.run_id, "job7");
  EXPECT_EQ(all.master_address, "127.0.0.1");
  EXPECT_EQ(all.master_port, 29501);
  EXPECT_EQ(all.log_dir, "logs");
  EXPECT_TRUE(all.redirects.has_out(5) && all.redirects.has_error(5));
  EXPECT_TRUE(all.tee.has_out(0) && !all.tee.has_error(0) && all.tee.has_error(1) && !all.tee.has_out(2));
  EXPECT_THAT(all.shown_ranks, ElementsAre(0, 2));
  EXPECT_TRUE(all.virtual_local_rank);
  EXPECT_EQ(all.signals_to_handle, "SIGTERM,SIGUSR1");
  EXPECT_EQ(as<ProgramCommand>({"--run_path", "script", "a"}).kind, ProgramKind::python_script);
  EXPECT_EQ(as<ProgramCommand>({"--rdzv_endpoint=localhost:29400", "t.py"}).master_port, 29400);
}

TEST(CommandLine, RestartsAreAskedForInEitherSpelling) {
  for (const char* option : {"--max-restarts=3", "--max_restarts=3"}) {
    EXPECT_EQ(as<ProgramCommand>({option, "t.py"}).max_restarts, 3) << option;
    EXPECT_THAT(as<RunCommand>({option, "a.yaml"}).overrides, ElementsAre("launch.max_restarts=3")) << option;
  }
  EXPECT_THAT(as<RunCommand>({"a.yaml"}).overrides, IsEmpty()) << "the config's";
}

TEST(CommandLine, ThePortIsFreeWhereTorchrunWouldNotUseTheOneNamed) {
  EXPECT_EQ(as<ProgramCommand>({"t.py"}).master_port, 0);
  EXPECT_EQ(as<ProgramCommand>({"--standalone", "--master_port=29501", "t.py"}).master_port, 0);
  EXPECT_EQ(as<ProgramCommand>({"--rdzv_backend=c10d", "--rdzv_endpoint=localhost:29501", "t.py"}).master_port, 0);
  EXPECT_EQ(as<ProgramCommand>({"--standalone", "--rdzv_id=mine", "t.py"}).run_id, "") << "a new one";
}

TEST(CommandLine, PetVariablesAreDefaultsOfTorchrunsOptions) {
  const std::map<std::string, std::string> set = {{"PET_NPROC_PER_NODE", "3"}, {"PET_NNODES", "1"},
                                                  {"PET_ROLE", "r"},           {"PET_REDIRECTS", "1"},
                                                  {"PET_MODULE", "1"},         {"PET_STANDALONE", "0"}};
  const Getenv variables = [&](const std::string& name) {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  };
  const auto program = as<ProgramCommand>({"--role=mine", "pkg.train", "x"}, variables);
  EXPECT_EQ(program.kind, ProgramKind::python_module);
  EXPECT_EQ(program.nproc, "3");
  EXPECT_EQ(program.role, "mine") << "the command line wins";
  EXPECT_TRUE(program.redirects.has_out(0));
  EXPECT_EQ(program.run_id, "none");
  EXPECT_EQ(as<ProgramCommand>({"--nproc", "1", "pkg.train"}, variables).nproc, "1");

  const auto only = [](const std::string& name, const std::string& value) {
    return Getenv([=](const std::string& asked) { return asked == name ? std::optional(value) : std::nullopt; });
  };
  EXPECT_THAT(as<RunCommand>({"a.yaml"}, only("PET_NPROC_PER_NODE", "2")).overrides, ElementsAre("launch.nproc=2"));
  EXPECT_EQ(as<RunCommand>({"a.yaml"}, only("PET_LOG_DIR", "/logs")).config, "a.yaml") << "means nothing to a run";
  EXPECT_THAT(refusal({"t.py"}, only("PET_NNODES", "2")), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"a.yaml"}, only("PET_NNODES", "2")), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"t.py"}, only("PET_STANDALONE", "yes")), HasSubstr("PET_STANDALONE=yes: expected 0 or 1"));
}

TEST(CommandLine, WhatTorchrunDoesAndWeDoNotIsRefusedWithWhatToUse) {
  EXPECT_THAT(refusal({"--nnodes", "2", "t.py"}), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"--nnodes", "1:4", "t.py"}), HasSubstr("--nnodes 1"));
  EXPECT_THAT(refusal({"--node_rank=1", "t.py"}), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"--master_addr", "192.0.2.7", "t.py"}), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"--rdzv_endpoint", "elsewhere.example:29400", "t.py"}), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"--max_restarts=many", "t.py"}), HasSubstr("a number of restarts"));
  EXPECT_THAT(refusal({"--master_port=http", "t.py"}), HasSubstr("0 (any free one) to 65535"));
  EXPECT_THAT(refusal({"--redirects", "4", "t.py"}), HasSubstr("0:3,1:1"));
  EXPECT_THAT(refusal({"-t", "0:9", "t.py"}), HasSubstr("0:3,1:1"));
  EXPECT_THAT(refusal({"--local_ranks_filter=a", "t.py"}), HasSubstr("0,2"));
  EXPECT_THAT(refusal({"--signals_to_handle=SIGUSR2", "t.py"}), HasSubstr("SIGUSR1 is passed on"));
  EXPECT_THAT(refusal({"--event_log_handler=console", "t.py"}), HasSubstr("leave the option out"));
  EXPECT_THAT(refusal({"--logs_specs=mine", "t.py"}), HasSubstr("--logs-specs default"));
  for (const Words& words : {Words{"--logs_specs=default", "t.py"}, Words{"--logs-specs", "default", "t.py"}})
    EXPECT_EQ(as<ProgramCommand>(words).program, "t.py");
  EXPECT_THAT(refusal({"--rdzv-backend=c10b", "t.py"}), HasSubstr("c10d"));
  for (const char* backend : {"etcd", "etcd-v2", "zeus"})
    EXPECT_THAT(refusal({"--rdzv-backend", backend, "t.py"}), HasSubstr("without a server such as etcd")) << backend;
  EXPECT_THAT(refusal({"--rdzv-conf=timeout", "t.py"}), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(refusal({"--start-method=thread", "t.py"}), HasSubstr("forkserver"));
  EXPECT_THAT(refusal({"--monitor-interval=often", "a.yaml"}), HasSubstr("seconds"));
  EXPECT_THAT(refusal({"--no-python=1", "t"}), HasSubstr("takes no value"));
  EXPECT_THAT(refusal({"--run-path", "a.yaml", "--no-python"}), HasSubstr("accepted")) << "the program's";
  EXPECT_THAT(refusal({"--numa_binding=exclusive", "t.py"}), HasSubstr("use --numa-binding node"));
  EXPECT_THAT(refusal({"--numa-binding", "socket", "a.yaml"}), HasSubstr("use --numa-binding node"));
  EXPECT_THAT(refusal({"--duplicate_stdout_filters=a", "t.py"}), HasSubstr("--log-dir"));
  EXPECT_THAT(refusal({"--standalone=1", "t.py"}), HasSubstr("takes no value"));
  EXPECT_THAT(refusal({"-m", "--no-python", "t"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refusal({"-r", "3", "a.yaml"}), AllOf(HasSubstr("for plain programs"), HasSubstr("output")));
  for (const char* option : {"--role=a", "--signals-to-handle=SIGTERM", "--logs-specs=default", "--virtual-local-rank"})
    EXPECT_THAT(refusal({option, "a.yaml"}), AllOf(HasSubstr("for plain programs"), Not(HasSubstr("output"))))
        << option;
  EXPECT_THAT(refusal({"--log_dir=a", "--run-dir=b", "t.py"}), HasSubstr("leave out --log-dir"));
  EXPECT_THAT(refusal({"probe", "--nnodes=1"}), HasSubstr("unknown option --nnodes"));
}

TEST(CommandLine, AnEmptyValueIsAnUnsetVariableAndRefused) {
  const auto empty = [](const std::string& what) {
    return HasSubstr(what + " is empty; probably a shell variable is not set");
  };
  for (const std::string name : {"nproc", "grace", "hang-timeout", "max-restarts", "run-dir", "log-limit", "wait-gpu",
                                 "numa", "nproc_per_node", "nnodes", "node-rank", "rdzv_backend", "rdzv-id",
                                 "master_addr", "master_port", "local_addr", "monitor-interval", "start_method"}) {
    EXPECT_THAT(refusal({"--" + name + "=", "t.py"}), empty("the value of --" + name));
    EXPECT_THAT(refusal({"--" + name, "", "t.py"}), empty("the value of --" + name));
    EXPECT_THAT(refusal({"--" + name + "=", "a.yaml"}), empty("the value of --" + name));
  }
  for (const std::string name :
       {"role", "log_dir", "redirects", "tee", "signals-to-handle", "event-log-handler", "logs-specs", "numa-binding"})
    EXPECT_THAT(refusal({"--" + name, "", "t.py"}), empty("the value of --" + name));
  EXPECT_THAT(refusal({"-r", "", "t.py"}), empty("the value of -r"));
  EXPECT_THAT(refusal({"-r=", "t.py"}), empty("the value of -r"));
  EXPECT_THAT(refusal({"a.yaml", "--resume", ""}), empty("the value of --resume"));
  EXPECT_THAT(refusal({"a.yaml", "--deadline="}), empty("the value of --deadline"));
  EXPECT_THAT(refusal({"evaluate", "a.yaml", "--checkpoint="}), empty("the value of --checkpoint"));
  EXPECT_THAT(refusal({"tune", "a.yaml", "--gpu", ""}), empty("the value of --gpu"));
  EXPECT_THAT(refusal({"estimate", "a.yaml", "--horizons="}), empty("the value of --horizons"));
  EXPECT_THAT(refusal({"checkpoints", "export", "a", "--output="}), empty("the value of --output"));
  for (const Words& words : {Words{""}, Words{"--", ""}, Words{"-m", ""}, Words{"a.yaml", ""}, Words{"evaluate", ""},
                             Words{"checkpoints", "list", ""}, Words{"checkpoints", ""}})
    EXPECT_THAT(refusal(words), HasSubstr("is empty; probably a shell variable"));
  EXPECT_THAT(as<ProgramCommand>({"t.py", "--lr=", ""}).arguments, ElementsAre("--lr=", "")) << "the program's own";
}

TEST(CommandLine, WhatIsEmptyInTorchrunItselfMayBeEmpty) {
  const auto program = as<ProgramCommand>({"--rdzv-conf=", "--rdzv_endpoint", "", "--local_ranks_filter=",
                                           "--duplicate-stdout-filters=", "--duplicate-stderr-filters=", "t.py"});
  EXPECT_EQ(program.master_port, 0);
  EXPECT_THAT(program.shown_ranks, IsEmpty());
}

TEST(CommandLine, AnEmptyPetVariableIsRefusedUnlessTheCommandLineSaysMore) {
  const auto with = [](const std::string& name) {
    return Getenv(
        [=](const std::string& asked) { return asked == name ? std::optional<std::string>("") : std::nullopt; });
  };
  for (const char* name : {"PET_NPROC_PER_NODE", "PET_MAX_RESTARTS", "PET_STANDALONE", "PET_MODULE", "PET_NNODES"})
    EXPECT_THAT(refusal({"t.py"}, with(name)), HasSubstr(std::string("the variable ") + name + " is empty"));
  EXPECT_THAT(refusal({"a.yaml"}, with("PET_NPROC_PER_NODE")), HasSubstr("is empty"));
  EXPECT_EQ(as<ProgramCommand>({"--nproc_per_node=2", "t.py"}, with("PET_NPROC_PER_NODE")).nproc, "2");
  EXPECT_EQ(as<ProgramCommand>({"t.py"}, with("PET_RDZV_ENDPOINT")).master_port, 0);
}

TEST(CommandLine, NumaIsTheConfigsKeyOrAPlainProgramsOption) {
  EXPECT_THAT(as<RunCommand>({"a.yaml", "--numa", "node", "launch.numa=none"}).overrides,
              ElementsAre("launch.numa=none", "launch.numa=node"));
  EXPECT_THAT(as<RunCommand>({"--numa_binding=node", "a.yaml"}).overrides, ElementsAre("launch.numa=node"));
  EXPECT_THAT(as<TuneCommand>({"tune", "a.yaml", "--numa=node"}).overrides, ElementsAre("launch.numa=node"));
  EXPECT_THAT(as<RunCommand>({"a.yaml"}).overrides, IsEmpty());
  EXPECT_EQ(as<ProgramCommand>({"--numa", "node", "t.py"}).numa, NumaBinding::node);
  EXPECT_EQ(as<ProgramCommand>({"--numa-binding", "node", "t.py"}).numa, NumaBinding::node);
  EXPECT_EQ(as<ProgramCommand>({"--numa", "none", "--numa-binding", "node", "t.py"}).numa, NumaBinding::none);
  EXPECT_EQ(as<ProgramCommand>({"t.py"}).numa, NumaBinding::none);
  EXPECT_THAT(refusal({"--numa", "socket", "t.py"}), HasSubstr("--numa"));
}

TEST(CommandLine, AFileThatCannotBeExecutedIsAScript) {
  const test::TempDir folder;
  test::write(folder / "train", "print(1)\n");
  EXPECT_EQ(as<ProgramCommand>({folder / "train"}).kind, ProgramKind::python_script);
  test::write(folder / "train", "#!/bin/sh\n");
  std::filesystem::permissions(folder / "train", std::filesystem::perms::owner_all);
  EXPECT_EQ(as<ProgramCommand>({folder / "train"}).kind, ProgramKind::executable);
}

TEST(CommandLine, HelpBeforeAProgramListsTorchrunsOptions) {
  const std::string help = as<PrintCommand>({"--help", "--", "t"}).text;
  for (const char* text : {"--grace", "--nproc-per-node", "--redirects, -r", "--local-ranks-filter", "Examples:"})
    EXPECT_THAT(help, HasSubstr(text));
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

TEST(CommandLine, OfAnOptionGivenTwiceTheLastCounts) {
  const auto run = as<RunCommand>({"--nproc", "2", "--grace", "1", "a.yaml", "--run-dir", "r", "--run-dir=s", "--json",
                                   "--json", "--grace=5", "--nproc=3", "--log-limit", "1MB", "--log-limit", "2MB"});
  EXPECT_EQ(run.run_dir, "s");
  EXPECT_EQ(run.log_limit_bytes, 2'000'000u);
  EXPECT_THAT(run.overrides, ElementsAre("launch.nproc=3", "launch.grace_s=5"));
  const auto program =
      as<ProgramCommand>({"--nproc=2", "--nproc=4", "--hang-timeout", "5", "--hang-timeout=6", "t.py"});
  EXPECT_EQ(program.nproc, "4");
  EXPECT_EQ(program.hang_timeout_s, 6);
  EXPECT_TRUE(as<ProbeCommand>({"probe", "--json", "--json"}).json);
  EXPECT_EQ(as<EvaluateCommand>({"evaluate", "a.yaml", "--checkpoint=x", "--checkpoint=y"}).checkpoint, "y");
  EXPECT_EQ(as<TuneCommand>({"tune", "a.yaml", "--gpu=rtx_3060", "--gpu=rtx_4090"}).gpu, "rtx_4090");
  EXPECT_EQ(as<EstimateCommand>({"estimate", "a.yaml", "--horizons=5", "--horizons=6"}).horizons, "6");
  EXPECT_EQ(as<EstimateCommand>({"estimate", "--steps=5", "--steps=6", "--step-time=1s"}).figures.steps, 6);
  EXPECT_EQ(as<DoctorCommand>({"doctor", "--output=x", "--output=y"}).output, "y");
  for (const char* verb : {"export", "import"})
    EXPECT_EQ(as<CheckpointsCommand>({"checkpoints", verb, "r", "--output=x", "--output=y"}).output, "y") << verb;
  EXPECT_TRUE(as<CheckpointsCommand>({"checkpoints", "prune", "r", "--dry-run", "--dry-run"}).dry_run);
}

TEST(CommandLine, AWrongValueIsToldInOurOwnWords) {
  const std::pair<Words, const char*> told[] = {
      {{"a.yaml", "--grace", "soon"}, "--grace: 'soon' is not a finite number; expected a number from 0 to 86400"},
      {{"a.yaml", "--grace=-1"}, "--grace: '-1' is too small; expected a number from 0 to 86400"},
      {{"a.yaml", "--max-restarts=1.5"},
       "--max-restarts: '1.5' is not an integer; expected an integer from 0 to 1000000"},
      {{"a.yaml", "--numa=nod"}, "--numa: 'nod' is not known; expected one of none, node; did you mean node?"},
      {{"--completion", "tcsh"}, "--completion: 'tcsh' is not known; expected one of bash, zsh, fish"},
      {{"checkpoints", "export", "r", "--format=pt"},
       "--format: 'pt' is not known; expected one of safetensors, torch"},
      {{"estimate", "--steps=many"}, "--steps: 'many' is not an integer; expected an integer"},
      {{"estimate", "--epochs=5", "--every-n-epochs=0"},
       "--every-n-epochs: '0' is too small; expected an integer from 1"},
      {{"a.yaml", "--grace"}, "--grace needs S after it"},
      {{"a.yaml", "--run-dir", "--json"}, "--run-dir needs DIR after it, and --json is an option"},
      {{"a.yaml", "--json=1"}, "--json takes no value: leave '=1' out"},
      {{"evaluate", "a.yaml", "--checkpoint"}, "--checkpoint needs PATH after it"},
      {{"tune", "a.yaml", "--gpu"}, "--gpu needs NAME[:MEMORY] after it"},
      {{"doctor", "--output"}, "--output needs FILE after it"},
      {{"probe", "here"}, "unexpected argument 'here' for tlaunch probe"},
  };
  for (const auto& [words, text] : told) EXPECT_THAT(refusal(words), testing::StartsWith(text));
}

TEST(CommandLine, WhatCannotBeIsRefusedWithTheReason) {
  EXPECT_THAT(refusal({}), HasSubstr("CONFIG.yaml"));
  EXPECT_THAT(refusal({"a.yaml", "epochs"}), HasSubstr("'epochs' is not key=value"));
  EXPECT_THAT(refusal({"--nproc", "0", "a.yaml"}), HasSubstr("not '0'"));
  EXPECT_THAT(refusal({"--nproc", "two", "a.yaml"}), HasSubstr("not 'two'"));
  EXPECT_THAT(refusal({"--nproc", "4097", "t.py"}), HasSubstr("expected an integer from 1 to 4096")) << "as the key";
  EXPECT_THAT(refusal({"--nproc"}), HasSubstr("--nproc"));
  EXPECT_THAT(refusal({"--grace", "-1", "a.yaml"}), HasSubstr("--grace"));
  EXPECT_THAT(refusal({"evaluate", "a.yaml"}), HasSubstr("--checkpoint"));
  EXPECT_THAT(refusal({"--nproc", "2", "probe"}), HasSubstr("unknown option --nproc for tlaunch probe"));
  EXPECT_THAT(refusal({"a.yaml", "--train.epochs=3"}),
              HasSubstr("a config key is changed without --: train.epochs=VALUE"));
  EXPECT_THAT(refusal({"./no/such/program"}), Not(HasSubstr("tlaunch --")));
  EXPECT_THAT(refusal({"--"}), HasSubstr("needs a program"));
  EXPECT_THAT(refusal({"-m"}), HasSubstr("needs a module"));
  EXPECT_THAT(refusal({"--no-python"}), HasSubstr("needs a program"));
  EXPECT_THAT(refusal({"--json", "t.py"}), HasSubstr("does not apply to a plain program"));
}

TEST(CommandLine, HelpNamesEveryOptionOfItsCommandAndNoOther) {
  const std::string run = as<PrintCommand>({"--help"}).text;
  for (const char* text : {"--nproc", "--grace", "--resume", "--smoke-full", "--run-dir", "--dry-run", "--json",
                           "--version", "probe", "evaluate", "--stdin", "--completion", "Examples:"})
    EXPECT_THAT(run, HasSubstr(text));
  const std::string evaluate = as<PrintCommand>({"evaluate", "--help"}).text;
  EXPECT_THAT(evaluate, HasSubstr("--checkpoint"));
  EXPECT_THAT(evaluate, Not(HasSubstr("--smoke")));
  EXPECT_THAT(as<PrintCommand>({"probe", "-h"}).text, Not(HasSubstr("--nproc")));
  EXPECT_THAT(as<PrintCommand>({"--version"}).text,
              testing::MatchesRegex("tlaunch [0-9.]+ \\(built with LibTorch [2-9]\\.[0-9]+\\.[0-9]+\\)\n"));
}

// The words of a line as a shell splits it. The line has no quotes, and lines that end in "\" are joined already.
Words words_of(const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// The lines of a help text that start with "  tlaunch ", joined with the next line if they end in a backslash. The
// explanation after several blanks is cut off.
std::vector<std::string> examples_in(const std::string& help) {
  std::vector<std::string> examples;
  std::istringstream lines(help.substr(help.find("Example")));
  std::string line;
  while (std::getline(lines, line)) {
    if (!line.starts_with("  tlaunch ")) continue;
    for (std::string more; line.ends_with("\\") && std::getline(lines, more);)
      line = line.substr(0, line.size() - 1) + more.substr(more.find_first_not_of(' '));
    examples.push_back(line.substr(10, line.find("   ", 10) - 10));
  }
  return examples;
}

TEST(CommandLine, EveryExampleOfTheHelpIsACommandLineThatHolds) {
  int count = 0;
  for (const Words& ask : {Words{"--help"}, Words{"--help", "--", "t"}, Words{"probe", "--help"},
                           Words{"evaluate", "--help"}, Words{"tune", "--help"}, Words{"checkpoints", "list", "--help"},
                           Words{"checkpoints", "verify", "--help"}, Words{"checkpoints", "prune", "--help"},
                           Words{"checkpoints", "export", "--help"}, Words{"checkpoints", "import", "--help"}}) {
    const auto examples = examples_in(as<PrintCommand>(ask).text);
    EXPECT_FALSE(examples.empty()) << ask[0];
    for (const std::string& example : examples) {
      ++count;
      EXPECT_NO_THROW(parse_command_line(words_of(example), no_variables)) << example;
    }
  }
  EXPECT_GE(count, 15);
}

}  // namespace
}  // namespace tlaunch
