// The words that a shell offers after `tlaunch ...`, as bash itself computes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "config/schema.h"
#include "tests/support/child_process.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

bool has_bash() { return std::system("bash -c 'type compgen' >/dev/null 2>&1") == 0; }

// The words bash offers for the last of `words`.
std::vector<std::string> offered(const std::vector<std::string>& words) {
  std::string line = "tlaunch";
  for (const std::string& word : words) line += " '" + word + "'";
  test::ChildProcess child({"bash", "-c",
                            "source <(" + test::program("tlaunch").string() + " --completion bash); COMP_WORDS=(" +
                                line + "); COMP_CWORD=" + std::to_string(words.size()) +
                                "; _tlaunch; printf '%s\\n' \"${COMPREPLY[@]}\""});
  const auto finished = child.wait();
  EXPECT_EQ(finished.err, "");
  std::vector<std::string> answers;
  std::istringstream lines(finished.out);
  for (std::string each; std::getline(lines, each);)
    if (!each.empty()) answers.push_back(each);
  return answers;
}

TEST(Completion, OffersCommandsOptionsValuesAndKeys) {
  if (!has_bash()) GTEST_SKIP() << "no bash";
  EXPECT_THAT(offered({"pr"}), Contains("probe"));
  EXPECT_THAT(offered({"--smoke-e"}), UnorderedElementsAre("--smoke-epochs"));
  EXPECT_THAT(offered({"--nproc-"}), UnorderedElementsAre("--nproc-per-node"));
  EXPECT_THAT(offered({"--nproc", ""}), UnorderedElementsAre("auto", "cpu", "gpu"));
  EXPECT_THAT(offered({"probe", "--"}), UnorderedElementsAre("--help", "--json"));
  EXPECT_THAT(offered({"evaluate", "--ch"}), UnorderedElementsAre("--checkpoint"));
  EXPECT_THAT(offered({"checkpoints", "ex"}), UnorderedElementsAre("export"));
  EXPECT_THAT(offered({"checkpoints", "export", "--format", ""}), UnorderedElementsAre("safetensors", "torch"));
  EXPECT_THAT(offered({"a.yaml", "train.ep"}), UnorderedElementsAre("train.epochs="));
  EXPECT_THAT(offered({"a.yaml", ""}).size(), schema().size());
  EXPECT_THAT(offered({"--nproc", "2", "train.py", "--"}), IsEmpty()) << "the program's own";
  EXPECT_THAT(offered({"--run-dir", ""}), IsEmpty()) << "bash offers files";
}

TEST(Completion, EveryShellIsToldEveryOptionOfTheHelp) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = test::run_tlaunch({"--completion", shell});
    EXPECT_EQ(script.code, 0);
    for (const char* name :
         {"nproc", "resume", "smoke-full", "dry-run", "stdin", "checkpoint", "write", "format", "log-dir"})
      EXPECT_THAT(script.out, HasSubstr(name)) << shell;
  }
  EXPECT_THAT(test::run_tlaunch({"--completion", "zsh"}).out, HasSubstr("bashcompinit"));
  EXPECT_THAT(test::run_tlaunch({"--completion", "fish"}).out, HasSubstr("complete -c tlaunch"));
  EXPECT_EQ(test::run_tlaunch({"--completion", "tcsh"}).code, 2);
}

TEST(Completion, FishAndZshReadTheirScripts) {
  bool any = false;
  for (const std::string shell : {"fish", "zsh"}) {
    if (std::system((shell + " --version >/dev/null 2>&1").c_str()) != 0) continue;
    any = true;
    const test::TempDir folder;
    test::write(folder / "script", test::run_tlaunch({"--completion", shell}).out);
    test::ChildProcess child({shell, "--no-execute", folder / "script"});
    EXPECT_EQ(child.wait().exit_code, 0);
  }
  if (!any) GTEST_SKIP() << "neither fish nor zsh is here";
}

}  // namespace
}  // namespace tlaunch
