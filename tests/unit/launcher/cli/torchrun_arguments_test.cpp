// The arguments that a program gets: equal to those that the installed torchrun passes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <sstream>

#include "base/json.h"
#include "launcher/cli/torchrun_options.h"
#include "launcher/command_line.h"
#include "launcher/commands/program/program_mode.h"
#include "launcher/commands/program/string_template.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

using testing::Contains;

TEST(StringTemplate, FillsAsPythonsSafeSubstituteDoes) {
  const std::map<std::string, std::string> values = {{"rank", "3"}, {"role_name", "trainer"}};
  for (const auto& [text, filled] :
       std::vector<std::pair<std::string, std::string>>{{"[${role_name} $rank]:", "[trainer 3]:"},
                                                        {"", ""},
                                                        {"$", "$"},
                                                        {"a$", "a$"},
                                                        {"$$rank $${rank}", "$rank ${rank}"},
                                                        {"$$$rank", "$3"},
                                                        {"${rank", "${rank"},
                                                        {"${rank }", "${rank }"},
                                                        {"${}$", "${}$"},
                                                        {"$rank2 ${rank}2 $ranks", "$rank2 32 $ranks"},
                                                        {"$RANK ${HOME} $1 $-", "$RANK ${HOME} $1 $-"},
                                                        {"$\xc3\xa9", "$\xc3\xa9"}})
    EXPECT_EQ(safe_substitute(text, values), filled) << text;
}

// argv without the interpreter and its "-u".
std::vector<std::string> our_argv(const std::vector<std::string>& words) {
  const auto program = std::get<ProgramCommand>(
      parse_command_line(words, [](const std::string&) { return std::optional<std::string>(); }));
  const auto argv = program_argv(program, 1);
  return {argv.begin() + (program.kind == ProgramKind::executable ? 0 : 2), argv.end()};
}

constexpr const char* torchruns_argv = R"(
import json, sys
from torch.distributed.elastic.utils.api import macros
from torch.distributed.run import config_from_args, parse_args
for line in sys.stdin:
    _, program, arguments = config_from_args(parse_args(json.loads(line)))
    arguments = macros.substitute(arguments, "1")
    print(json.dumps(arguments[1:] if arguments[:1] == ["-u"] else [program] + arguments))
)";

TEST(TorchrunArguments, AreHandedOnAsTorchrunItselfDoes) {
  const std::string python = TLAUNCH_TEST_SOURCE_DIR "/.venv/bin/python";
  if (::access(python.c_str(), X_OK) != 0) GTEST_SKIP() << "no " << python;
  const std::vector<std::vector<std::string>> lines = {
      {"t.py"},
      {"t.py", "--", "--r=16"},
      {"t.py", "a", "--", "b"},
      {"t.py", "--", "a", "--", "b"},
      {"t.py", "--"},
      {"t.py", "--", "--"},
      {"t.py", "--a", "--"},
      {"--", "t.py", "--", "x"},
      {"--", "t.py", "x"},
      {"--nproc_per_node=2", "--", "t.py", "--", "x"},
      {"-m", "pkg.train", "--", "x"},
      {"-m", "--", "pkg.train", "--", "x"},
      {"--module", "pkg.train", "-m", "x"},
      {"--modul", "pkg.train"},
      {"--no-python", "/bin/echo", "--", "x"},
      {"--no-python", "--", "/bin/echo", "--", "x"},
      {"--no-pyth", "/bin/echo", "x", "--", "y"},
      {"t.py", "--nproc_per_node=3", "-m", "--no-python", "--help"},
      {"t.py", "${local_rank}", "$local_rank", "x${local_rank}y", "$$", "$$local_rank", "$HOME", "${rank}", "a$"},
      {"t_${local_rank}.py", "", " "},
      {"--no-python", "/bin/t_${local_rank}", "${local_rank}"},
      {"-m", "pkg.t_${local_rank}"},
  };
  std::string input;
  for (const auto& line : lines) input += Json(line).dump() + "\n";
  test::ChildProcess child({python, "-c", torchruns_argv}, input);
  const auto finished = child.wait(120);
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  std::istringstream answers(finished.out);
  for (const auto& line : lines) {
    std::string answer;
    ASSERT_TRUE(std::getline(answers, answer));
    EXPECT_EQ(Json(our_argv(line)).dump(), Json::parse(answer).dump()) << Json(line).dump();
  }
}

// tlaunch knows every option of the installed torchrun.
TEST(TorchrunArguments, NoOptionOfTorchrunIsUnknown) {
  const std::string python = TLAUNCH_TEST_SOURCE_DIR "/.venv/bin/python";
  if (::access(python.c_str(), X_OK) != 0) GTEST_SKIP() << "no " << python;
  test::ChildProcess child({python, "-c",
                            "from torch.distributed.run import get_args_parser\n"
                            "for action in get_args_parser()._actions:\n"
                            "    if action.option_strings: print(*action.option_strings, action.nargs)\n"});
  const auto finished = child.wait(120);
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  std::istringstream options(finished.out);
  int count = 0;
  for (std::string line; std::getline(options, line);) {
    std::istringstream words(line);
    std::vector<std::string> names;
    for (std::string word; words >> word;) names.push_back(word);
    const bool is_flag = names.back() == "0";
    names.pop_back();
    for (const std::string& name : names) {
      if (name == "-h" || name == "--help" || name == "-m") continue;  // the command's own, and python_flag()'s
      const TorchrunOption* option = find_torchrun_option(name);
      ASSERT_NE(option, nullptr) << name;
      EXPECT_EQ(option->takes_value, !is_flag) << name;
      ++count;
    }
  }
  EXPECT_GT(count, 30);
}

}  // namespace
}  // namespace tlaunch
