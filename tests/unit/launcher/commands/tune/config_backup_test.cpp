#include "launcher/commands/tune/config_backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

class ConfigBackup : public testing::Test {
 protected:
  ConfigBackup() {
    std::tm local{};
    local.tm_year = 2026 - 1900;
    local.tm_mon = 10;
    local.tm_mday = 21;
    local.tm_hour = 9;
    local.tm_min = 5;
    local.tm_sec = 7;
    local.tm_isdst = -1;
    now = std::mktime(&local);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder.path())) found.push_back(entry.path().filename());
    return found;
  }

  static unsigned mode(const fs::path& path) {
    struct stat status = {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777u;
  }

  const test::TempDir folder;
  std::time_t now = 0;
};

TEST_F(ConfigBackup, TheFileIsReplacedAndTheOriginalStandsBesideItWithItsDate) {
  const fs::path file = folder / "c.yaml";
  test::write(file, "old");
  const std::string backup = replace_with_backup(file, "old", "new", now);
  EXPECT_EQ(backup, fs::canonical(folder.path()) / "c.yaml.20261121-090507.bak");
  EXPECT_EQ(test::content(file), "new");
  EXPECT_EQ(test::content(backup), "old");
  EXPECT_THAT(names(), testing::UnorderedElementsAre("c.yaml", "c.yaml.20261121-090507.bak"));
}

TEST_F(ConfigBackup, ASecondOneInTheSameSecondKeepsTheFirst) {
  const fs::path file = folder / "c.yaml";
  test::write(file, "one");
  replace_with_backup(file, "one", "two", now);
  replace_with_backup(file, "two", "three", now);
  replace_with_backup(file, "three", "four", now);
  EXPECT_EQ(test::content(folder / "c.yaml.20261121-090507.bak"), "one");
  EXPECT_EQ(test::content(folder / "c.yaml.20261121-090507-2.bak"), "two");
  EXPECT_EQ(test::content(folder / "c.yaml.20261121-090507-3.bak"), "three");
}

TEST_F(ConfigBackup, PermissionsStayOnBoth) {
  const fs::path file = folder / "c.yaml";
  test::write(file, "old");
  for (const unsigned bits : {0600u, 0664u, 0755u}) {
    fs::permissions(file, fs::perms(bits));
    const std::string backup = replace_with_backup(file, test::content(file), "new", now);
    EXPECT_EQ(mode(file), bits);
    EXPECT_EQ(mode(backup), bits);
  }
}

TEST_F(ConfigBackup, ASymbolicLinkStaysAndItsTargetIsReplaced) {
  fs::create_directory(folder / "shared");
  test::write(folder / "shared/real.yaml", "old");
  fs::create_symlink("shared/real.yaml", folder / "c.yaml");
  const std::string backup = replace_with_backup(folder / "c.yaml", "old", "new", now);
  EXPECT_TRUE(fs::is_symlink(folder / "c.yaml"));
  EXPECT_EQ(test::content(folder / "shared/real.yaml"), "new");
  EXPECT_EQ(backup, fs::canonical(folder / "shared") / "real.yaml.20261121-090507.bak");
}

TEST_F(ConfigBackup, AFileThatChangedSinceItWasReadIsLeftAlone) {
  const fs::path file = folder / "c.yaml";
  for (const std::string now_there : {"other", "old and more", ""}) {
    test::write(file, now_there);
    EXPECT_THROW(replace_with_backup(file, "old", "new", now), UsageError);
    EXPECT_EQ(test::content(file), now_there);
    EXPECT_THAT(names(), testing::ElementsAre("c.yaml"));
  }
}

TEST_F(ConfigBackup, AnAbsentFileIsNotMade) {
  EXPECT_THROW(replace_with_backup(folder / "c.yaml", "", "new", now), UsageError);
  EXPECT_TRUE(names().empty());
}

TEST_F(ConfigBackup, AWriteProtectedFileIsLeftAlone) {
  const fs::path file = folder / "c.yaml";
  test::write(file, "old");
  fs::permissions(file, fs::perms(0444));
  EXPECT_THROW(replace_with_backup(file, "old", "new", now), UsageError);
  EXPECT_EQ(test::content(file), "old");
  EXPECT_THAT(names(), testing::ElementsAre("c.yaml"));
}

}  // namespace
}  // namespace tlaunch
