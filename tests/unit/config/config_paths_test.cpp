// Paths in a config: ~ and ~user, variables that were not replaced, and the folder at which a relative path starts.
#include <gmock/gmock.h>
#include <pwd.h>
#include <unistd.h>

#include "config/schema.h"
#include "config/user_path.h"
#include "tests/unit/config/config_fixture.h"

namespace tlaunch {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class ConfigPaths : public test::ConfigTest {
 protected:
  // Sets every key that takes a path to a value, in a file and on the command line.
  std::vector<std::string> path_keys() const {
    std::vector<std::string> keys;
    for (const SchemaKey& key : schema())
      if (key.path != PathBase::none && key.path != PathBase::command && key.path != PathBase::name)
        keys.push_back(key.key);
    return keys;
  }
  std::string value_of(const RunConfig& config, const std::string& key) {
    return to_text(*get(*schema_key(key), config));
  }
  std::string file_with(const std::string& key, const std::string& value) {
    const std::string last = last_part(key), entry = last + ": '" + value + "'";
    const std::string section = section_of(key);
    std::string model = "name: resnet", data = "name: fashion_mnist", rest;
    if (section == "model")
      model += ", " + entry;
    else if (section == "data")
      data += ", " + entry;
    else
      rest = section.empty() ? entry + "\n" : section + ": {" + entry + "}\n";
    return "model: {" + model + "}\ndata: {" + data + "}\n" + rest;
  }
};

TEST_F(ConfigPaths, ATildeIsTheHomeFolderInEveryKeyThatTakesAPath) {
  environment["HOME"] = "/home/ada";
  EXPECT_EQ(path_keys().size(), 6u) << "data.root, model.weights, checkpoint.dirpath, run_root, team file, worker";
  for (const std::string& key : path_keys()) {
    EXPECT_EQ(value_of(load(file_with(key, "~/x/y")), key), "/home/ada/x/y") << key;
    EXPECT_EQ(value_of(load(image, {key + "=~/x/y"}), key), "/home/ada/x/y") << key;
    EXPECT_EQ(value_of(load(image, {key + "='~/x'"}), key), "/home/ada/x") << key;
    EXPECT_EQ(value_of(load(image, {key + "=~"}), key), "/home/ada") << key;
  }
  EXPECT_EQ(worker_of(source(image, {"launch.worker=~/w"})), "/home/ada/w");
}

TEST_F(ConfigPaths, TheHomeOfAnotherUserAndOfOurselvesWithoutHome) {
  const passwd* root = ::getpwuid(0);
  ASSERT_NE(root, nullptr);
  const std::string roots_home = root->pw_dir;
  EXPECT_EQ(load(image, {"data.root=~root/x"}).data.root, roots_home + "/x");
  const passwd* ours = ::getpwuid(::geteuid());
  if (ours != nullptr) {
    EXPECT_EQ(load(image, {"data.root=~/x"}).data.root, std::string(ours->pw_dir) + "/x");
  }
  environment["HOME"] = "";
  if (ours != nullptr) {
    EXPECT_EQ(load(image, {"data.root=~/x"}).data.root, std::string(ours->pw_dir) + "/x");
  }
  EXPECT_THAT(errors(image, {"data.root=~no-such-user-here/x"}), HasSubstr("there is no user 'no-such-user-here'"));
  EXPECT_EQ(load(image, {"data.root=./~x"}).data.root, (fs::current_path() / "~x").string());
}

TEST_F(ConfigPaths, AVariableThatNothingHasReplacedIsRefusedWithTheCure) {
  environment["HOME"] = "/home/ada";
  std::vector<std::string> keys = path_keys();
  keys.insert(keys.end(), {"name", "checkpoint.filename"});
  for (const std::string& key : keys) {
    EXPECT_THAT(errors(file_with(key, "$HOME")), HasSubstr("$HOME is not replaced by its value; write ${HOME}")) << key;
    EXPECT_THAT(errors(image, {key + "=a$HOME"}), HasSubstr("write ${HOME}")) << key;
  }
  EXPECT_THROW(worker_of(source(image, {"launch.worker=$HOME/w"})), UsageError);
  EXPECT_THAT(errors("extends: $HOME/base.yaml\n" + image), HasSubstr("write ${HOME}"));
  EXPECT_EQ(load(image, {"data.root=${HOME}/x"}).data.root, "/home/ada/x");
  EXPECT_EQ(load(image, {"data.root=/data/cost$5"}).data.root, "/data/cost$5");
}

TEST_F(ConfigPaths, AFolderThatIsReallyCalledSoIsTakenAndReadsBack) {
  fs::create_directories(folder / "$HOME");
  const std::string real = folder / "$HOME";
  EXPECT_EQ(load(image, {"data.root=" + real + "/x"}).data.root, real + "/x") << "as an earlier version resolved it";
  const RunConfig escaped = load(image, {"data.root=$$HOME/$${X}", "name=$$USER"});
  EXPECT_EQ(escaped.data.root, (fs::current_path() / "$HOME/${X}").string());
  EXPECT_EQ(escaped.name, "$USER");
  EXPECT_EQ(flatten(load(to_yaml(escaped, test::worker()))), flatten(escaped));
  environment["PLACE"] = "/data/$USER";
  EXPECT_EQ(load(image, {"data.root=${PLACE}"}).data.root, "/data/$USER") << "a variable's value is taken as it is";
}

TEST_F(ConfigPaths, AWorkerInAFileIsRelativeToThatFileAndANameIsKept) {
  write("base/base.yaml", "launch: {worker: bin/mine}\n" + image);
  EXPECT_EQ(load("extends: base/base.yaml\n").launch.worker, (folder / "base/bin/mine").string());
  EXPECT_EQ(worker_of(source("extends: base/base.yaml\n")), (folder / "base/bin/mine").string());
  EXPECT_EQ(load(image, {"launch.worker=bin/mine"}).launch.worker, (fs::current_path() / "bin/mine").string());
  EXPECT_EQ(load(image + "launch: {worker: my-worker}\n").launch.worker, "my-worker");
}

TEST_F(ConfigPaths, ABaseFileMayStandInTheHomeFolder) {
  environment["HOME"] = folder.path().string();
  write("team/base.yaml", "seed: 7\n");
  EXPECT_EQ(load("extends: ~/team/base.yaml\n" + image).seed, 7);
}

TEST(CommandLinePaths, AreReadTheSameWay) {
  const auto getenv = [](const std::string& name) -> std::optional<std::string> {
    return name == "HOME" ? std::optional<std::string>("/home/ada") : std::nullopt;
  };
  EXPECT_EQ(path_on_command_line("~/runs/a", getenv).path, "/home/ada/runs/a");
  EXPECT_EQ(path_on_command_line("runs/~a", getenv).path, "runs/~a");
  EXPECT_EQ(path_on_command_line("", getenv).path, "");
  for (const char* text : {"$HOME/x", "runs/${RUN}", "/scratch/$USER/x"})
    EXPECT_THAT(path_on_command_line(text, getenv).problem, HasSubstr("the shell did not replace")) << text;
}

}  // namespace
}  // namespace tlaunch
