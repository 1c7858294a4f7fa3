// Which file runs when a user names a program, and whether Python runs it; tested with the built tlaunch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

using test::TempDir;
using testing::HasSubstr;
using testing::Not;

constexpr const char* script = "import sys\nprint('python ran', sys.argv)\n";

class ProgramFile : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text, bool executable) {
    test::write(folder_ / name, text);
    fs::permissions(folder_ / name, executable ? fs::perms(0755) : fs::perms(0644));
  }

  // Runs `line` in a shell in the folder; $T is tlaunch.
  test::Finished run(const std::string& line) const {
    test::ChildProcess child(
        {"sh", "-c",
         "cd " + folder_.path().string() + " && T=" + fs::absolute(test::program("tlaunch")).string() + " && " + line});
    return child.wait();
  }

  TempDir folder_;
};

TEST_F(ProgramFile, OfTheWorkingDirectoryComesBeforeItsNamesakeOfThePath) {
  put("true", "#!/bin/sh\necho my own $1\n", true);
  put("sleep", script, true);
  put("cat", script, false);
  EXPECT_EQ(run("$T true a").out, "my own a\n");
  EXPECT_EQ(run("$T sleep 0").out, "python ran ['sleep', '0']\n");
  EXPECT_EQ(run("$T cat").out, "python ran ['cat']\n");
  EXPECT_EQ(run("$T --nproc 2 --run-dir out true b").exit_code, 0);
  EXPECT_THAT(test::content(folder_ / "out/logs/attempt_0/rank_1.log"), HasSubstr("my own b"));
}

TEST_F(ProgramFile, OfThePathIsMeantAfterDashesAndAfterNoPython) {
  put("true", "#!/bin/sh\necho my own\n", true);
  for (const char* options : {"--", "--no-python", "--no-python --", "--no_python", "--no-py"}) {
    const auto finished = run(std::string("$T ") + options + " true");
    EXPECT_EQ(finished.exit_code, 0) << options << finished.err;
    EXPECT_EQ(finished.out, "") << options;
  }
  EXPECT_EQ(run("$T -- ./true").out, "my own\n");
  EXPECT_EQ(run("$T --no-python ./true").out, "my own\n");
  EXPECT_EQ(run("PATH= $T -- true").out, "my own\n") << "an empty PATH means the working directory";
}

TEST_F(ProgramFile, HereIsFoundAfterDashesWhereThePathHasNone) {
  put("mine", "#!/bin/sh\necho my own\n", true);
  put("text", script, true);
  EXPECT_EQ(run("$T -- mine").out, "my own\n");
  EXPECT_EQ(run("$T -- text").out, "python ran ['text']\n");
  const auto refused = run("$T --no-python mine");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("'mine' is not in PATH; the file in this folder is ./mine"));
}

TEST_F(ProgramFile, ThatIsTextWithoutAHashBangIsPythons) {
  put("plain", script, true);
  put("empty", "", true);
  put("latin", "# -*- coding: latin-1 -*-\nprint('caf\xe9'.encode('latin-1').hex())\n", true);
  put("train.PY", script, true);
  put("touches", "import os\nopen('proof', 'w')\n", true);
  EXPECT_EQ(run("$T ./plain 1").out, "python ran ['./plain', '1']\n");
  EXPECT_EQ(run("$T empty").exit_code, 0);
  EXPECT_EQ(run("$T ./latin").out, "636166e9\n");
  EXPECT_EQ(run("$T train.PY").out, "python ran ['train.PY']\n");
  EXPECT_EQ(run("$T $PWD/touches").exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "proof"));
}

TEST_F(ProgramFile, NeverGoesToAShellThatNobodyNamed) {
  put("plain", "echo a shell ran this\n", true);
  put("job.sh", "echo a shell ran this\n", true);
  put("bare.sh", "#!/bin/sh\necho a shell ran this\n", false);
  const auto told = run("$T --no-python ./plain");
  EXPECT_EQ(told.exit_code, 126);
  EXPECT_THAT(told.err, HasSubstr("cannot start ./plain: it has no #! line and is not a program for this machine"));
  EXPECT_EQ(told.out, "");
  EXPECT_THAT(run("PATH=$PWD:$PATH $T -- plain").err, HasSubstr("it has no #! line"));
  for (const char* name : {"job.sh", "bare.sh"}) {
    const auto refused = run(std::string("$T ") + name);
    EXPECT_EQ(refused.exit_code, 2) << name;
    EXPECT_THAT(refused.err, HasSubstr(std::string("tlaunch -- sh ") + name)) << name;
    EXPECT_EQ(run(std::string("$T -- sh ") + name).out, "a shell ran this\n") << name;
  }
}

TEST_F(ProgramFile, ThatNamesAnotherInterpreterGoesNeitherToPythonNorToThat) {
  put("job", "#!/bin/sh -e\necho a shell ran this\n", false);
  put("tool", std::string("#!/usr/bin/env -S uv run --script\n") + script, false);
  put("old", std::string("#! /usr/bin/python3\n") + script, false);
  const auto refused = run("$T ./job");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("its #! line names /bin/sh -e, not Python: chmod +x ./job, or tlaunch -- /bin/sh "
                                     "-e ./job"));
  EXPECT_EQ(run("$T -- /bin/sh -e ./job").out, "a shell ran this\n");
  EXPECT_EQ(run("$T ./tool").out, "python ran ['./tool']\n");
  EXPECT_EQ(run("$T ./old").out, "python ran ['./old']\n");
  EXPECT_THAT(run("$T --run-path ./job").err, HasSubstr("SyntaxError")) << "--run-path asks for Python";
}

TEST_F(ProgramFile, ThatNobodyCanRunIsToldOnce) {
  put("data", std::string("\x93NUMPY\x01\0\0\0\0\0\0\0\0\0", 16), true);
  put("old", "#!/no/such/interpreter\n", true);
  fs::copy("/bin/true", folder_ / "a.out");
  fs::permissions(folder_ / "a.out", fs::perms(0644));
  const auto data = run("$T ./data");
  EXPECT_EQ(data.exit_code, 126);
  EXPECT_THAT(data.err, HasSubstr("cannot start ./data: it has no #! line and is not a program for this machine"));
  EXPECT_THAT(run("$T ./old").err, HasSubstr("cannot start ./old: the program that its #! line"));
  const auto code = run("$T ./a.out");
  EXPECT_EQ(code.exit_code, 2);
  EXPECT_THAT(code.err, HasSubstr("chmod +x"));
}

TEST_F(ProgramFile, MayBeWhateverPythonRuns) {
  put("app/__main__.py", script, false);
  ASSERT_EQ(run("cd app && python3 -m zipfile -c ../app.pyz __main__.py && cp ../app.pyz ../noext && "
                "chmod 755 ../noext && python3 -c \"import py_compile; py_compile.compile('__main__.py', '../c.pyc')\" "
                "&& cp ../c.pyc ../x.pyc && chmod 755 ../x.pyc")
                .exit_code,
            0);
  for (const char* name : {"app", "app/", "./app", "app.pyz", "./noext", "c.pyc", "./x.pyc"})
    EXPECT_THAT(run(std::string("$T ") + name + " 1").out, HasSubstr("python ran ['")) << name;
  EXPECT_THAT(run("$T -- app 1").out, HasSubstr("python ran ['app', '1']"));
  EXPECT_THAT(run("$T --nproc 2 -r 3 app/").err, HasSubstr("/runs/app/"));
  EXPECT_THAT(run("cd app && $T .").out, HasSubstr("python ran ['.']"));
}

TEST_F(ProgramFile, AFolderWithoutAMainIsRefused) {
  fs::create_directory(folder_ / "probes");
  for (const char* line : {"$T probes", "$T ./probes", "$T -- probes"}) {
    const auto refused = run(line);
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("probes' is a folder without __main__.py")) << line;
  }
  EXPECT_THAT(run("$T probes").err, HasSubstr("did you mean 'probe'?"));
}

TEST_F(ProgramFile, AConfigInCapitalsIsAConfig) {
  for (const char* name : {"UPPER.YAML", "UPPER.YML", "Mixed.Yml"}) {
    put(name, "no_such_key: 1\n", false);
    const auto refused = run(std::string("$T --dry-run ") + name);
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("no_such_key")) << name;
  }
  EXPECT_THAT(run("$T UPER.YAML").err, HasSubstr("did you mean UPPER.YAML?"));
}

}  // namespace
}  // namespace tlaunch
