#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "base/error.h"
#include "data/dataset.h"
#include "data/logs/dpkg_log.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/data/fixture.h"
#include "tests/unit/data/idx_files.h"

namespace tlaunch {
namespace {

using test::TempDir;
using test::write;

std::vector<std::vector<std::string>> names(const SessionSet& set) {
  std::vector<std::vector<std::string>> sessions;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    sessions.emplace_back();
    for (const std::int32_t key : set.session(i))
      sessions.back().push_back(dpkg_keys().at(static_cast<std::size_t>(key)));
  }
  return sessions;
}

std::unique_ptr<Dataset> open_dpkg(const std::string& root, std::int64_t window) {
  DataConfig config;
  config.name = "dpkg";
  config.root = root;
  config.options.set("val_fraction", 0.2);
  Options model;
  model.set("window", window);
  return make_dataset(config, model);
}

const char* const log_text =
    "2025-06-24 14:36:25 startup archives unpack\n"
    "2025-06-24 14:36:25 install a:amd64 <none> 1.0-1\n"
    "2025-06-24 14:36:25 status half-installed a:amd64 1.0-1\n"
    "2025-06-24 14:36:26 upgrade b:all 1 2\n"
    "2025-06-24 14:36:26 status unpacked a:amd64 1.0-1\n"
    "2025-06-24 14:36:26 conffile /etc/a.conf keep\n"
    "2025-06-24 14:36:26 install a:i386 <none> 1.0-1\n"
    "2025-06-24 14:36:27 status triggers-pending b:all 2\n"
    "2025-06-24 14:36:27 configure a:amd64 1.0-1 <none>\n";

TEST(DpkgLog, ASessionAPackageAndArchitecture) {
  DpkgLog log;
  log.add(log_text);
  const std::vector<std::vector<std::string>> expected{
      {"install", "status half-installed", "status unpacked", "configure"},
      {"upgrade", "status triggers-pending"},
      {"install"}};
  EXPECT_EQ(names(log.sessions()), expected);
  EXPECT_EQ(log.malformed_lines(), 0);
}

TEST(DpkgLog, ALastLineCutOffIsLeftOutAndOthersAreCounted) {
  DpkgLog log;
  std::string cut(log_text);
  cut += "2025-06-24 14:36:28 purge b:all 2 <no";
  log.add(cut);
  EXPECT_EQ(log.malformed_lines(), 0);
  EXPECT_EQ(names(log.sessions())[1].size(), 2u);
  log.add(
      "no log line\n"
      "2025-06-24 14:36:28 frobnicate b:all 2 1\n"
      "2025-06-24 14:36:28 status exploded b:all 2\n"
      "2025-06-24 14:36:28 status installed\n"
      "2025-06-24 1436:28 remove b:all 2 <none>\n"
      "\n"
      "2025-06-24 14:36:29 remove b:all 2 <none>\n");
  EXPECT_EQ(log.malformed_lines(), 5);
  EXPECT_EQ(names(log.sessions())[1].back(), "remove");
}

TEST(Dpkg, ReadsRotatedLogsFromTheOldestOn) {
  const TempDir root;
  const auto bytes = [](const std::string& text) { return FileBytes(text.begin(), text.end()); };
  // All files have the same two packages, whose sessions continue from log to log.
  const auto lines = [](const std::string& what) {
    return "2025-01-01 00:00:00 " + what + "\n2025-01-01 00:00:00 " + [&] {
      std::string other = what;
      other.replace(other.find("p:all"), 5, "q:all");
      return other;
    }() + "\n";
  };
  write(root / "dpkg.log.10.gz", gzipped(bytes(lines("install p:all <none> 1"))));
  write(root / "dpkg.log.2.gz", gzipped(bytes(lines("status unpacked p:all 1"))));
  write(root / "dpkg.log.1", lines("configure p:all 1 <none>"));
  write(root / "dpkg.log", lines("status installed p:all 1"));
  write(root / "dpkg.log.old", "something else\n");
  const auto data = open_dpkg(root.path(), 3);
  EXPECT_EQ(data->shape().num_classes, static_cast<std::int64_t>(dpkg_keys().size()));
  EXPECT_EQ(data->session_tests(), nullptr);
  ASSERT_EQ(data->size(Split::train), 1);
  ASSERT_EQ(data->size(Split::val), 1);
  const Batch batch = data->collate(Split::train, std::vector<std::int64_t>{0}, nullptr);
  std::vector<std::string> keys;
  for (std::int64_t i = 0; i < 3; ++i)
    keys.push_back(dpkg_keys().at(static_cast<std::size_t>(batch.input[0][i].item<std::int64_t>())));
  keys.push_back(dpkg_keys().at(static_cast<std::size_t>(batch.target.item<std::int64_t>())));
  EXPECT_EQ(keys, (std::vector<std::string>{"install", "status unpacked", "configure", "status installed"}));
}

TEST(Dpkg, AbsentEmptyAndCorruptLogsAreDataErrors) {
  const TempDir root;
  const auto message = [&](const std::string& folder) { return message_of<DataError>([&] { open_dpkg(folder, 4); }); };
  EXPECT_NE(message(root / "nowhere").find((root / "nowhere").string()), std::string::npos);
  EXPECT_NE(message(root.path()).find("dpkg.log: not found"), std::string::npos);
  write(root / "dpkg.log", "");
  EXPECT_NE(message(root.path()).find("dpkg.log: of its 0 sessions"), std::string::npos);
  FileBytes cut = gzipped(FileBytes(1000, 'x'));
  cut.resize(cut.size() - 5);
  write(root / "dpkg.log.2.gz", cut);
  EXPECT_NE(message(root.path()).find("dpkg.log.2.gz: truncated at byte"), std::string::npos) << message(root.path());
}

TEST(Dpkg, ReadsThisMachinesLog) {
  if (!std::filesystem::exists("/var/log/dpkg.log") || std::filesystem::file_size("/var/log/dpkg.log") < 10000) {
    GTEST_SKIP() << "no package log of some length in /var/log";
  }
  const auto data = open_dpkg("/var/log", 4);
  EXPECT_GT(data->size(Split::train), data->size(Split::val));
  EXPECT_GT(data->size(Split::val), 0);
}

}  // namespace
}  // namespace tlaunch
