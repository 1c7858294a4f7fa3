#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>

#include "base/error.h"
#include "data/dataset.h"
#include "data/logs/key_dataset.h"
#include "data/logs/key_file.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/data/fixture.h"

namespace tlaunch {
namespace {

using test::TempDir;
using test::write;
using Keys = std::vector<std::int32_t>;
using Sessions = std::vector<Keys>;

Sessions list(const SessionSet& set) {
  Sessions sessions;
  for (std::int64_t i = 0; i < set.size(); ++i) sessions.emplace_back(set.session(i).begin(), set.session(i).end());
  return sessions;
}

SessionSet parse(const std::string& text) {
  return parse_sessions({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "log");
}

std::unique_ptr<Dataset> open_sessions(const std::string& root, std::int64_t window, double val_fraction = 0.2) {
  DataConfig config;
  config.name = "sessions";
  config.root = root;
  config.options.set("val_fraction", val_fraction);
  Options model;
  model.set("window", window);
  return make_dataset(config, model);
}

// The windows of a split, each followed by its target.
std::vector<std::vector<std::int64_t>> windows(const Dataset& data, Split split) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(data.size(split)));
  std::iota(all.begin(), all.end(), 0);
  const Batch batch = data.collate(split, all, nullptr);
  const auto rows = torch::cat({batch.input, batch.target.unsqueeze(1)}, 1);
  std::vector<std::vector<std::int64_t>> result;
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    const auto row = rows[i];
    result.emplace_back(row.const_data_ptr<std::int64_t>(), row.const_data_ptr<std::int64_t>() + row.numel());
  }
  return result;
}

TEST(ParseSessions, ReadsWhatFilesLookLikeInPractice) {
  const Sessions expected{{5, 22, 5}, {1}, {2147483647}};
  EXPECT_EQ(list(parse("5 22 5\n1\n2147483647\n")), expected);
  EXPECT_EQ(list(parse("5 22 5 \n1 \n2147483647")), expected) << "blanks at the end, no last newline";
  EXPECT_EQ(list(parse("5 22 5\r\n1\r\n2147483647\r\n")), expected) << "CRLF";
  EXPECT_EQ(list(parse("\n  5\t22  5\n\n \n01\n2147483647\n\n")), expected) << "blank lines are no sessions";
  EXPECT_EQ(list(parse("")), Sessions{});
}

TEST(ParseSessions, ALineOfAMillionKeys) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "7 ";
  const SessionSet set = parse(text);
  ASSERT_EQ(set.size(), 1);
  EXPECT_EQ(set.session(0).size(), 1'000'000u);
}

TEST(ParseSessions, BadTokensAreNamedWithPlaceAndOffset) {
  struct Case {
    std::string text;
    const char* says;
  };
  const Case cases[] = {
      {"1 2\n3 x4 5\n", "log:2:3: 'x4' is not a log key (byte 6)"},
      {"1 2\n3 4x 5\n", "log:2:3: '4x' "},
      {"0\n", "log:1:1: '0' "},
      {"1 -2\n", "log:1:3: '-2' "},
      {"1 2.5\n", "log:1:3: '2.5' "},
      {"2147483648", "log:1:1: '2147483648' "},
      {"99999999999999999999999999\n", "log:1:1: '99999999999999999999...' "},
      {std::string("1\n") + '\0' + "\xff\n", "log:2:1: '?\?' "},
      {"\r\n\r\n 1,2", "log:3:2: '1,2' is not a log key (byte 5)"},
  };
  for (const Case& c : cases) {
    const std::string message = message_of<DataError>([&] { parse(c.text); });
    EXPECT_NE(message.find(c.says), std::string::npos) << message;
  }
}

TEST(Sessions, EveryPositionWithAWindowBeforeItIsATargetOnce) {
  const TempDir root;
  // Keys 10, 20, 30 become 0, 1, 2. The third session is too short for a window of 3.
  write(root / "hdfs_train", "10 20 30 10 20\n30 30 30 30\n10 20 30\n");
  write(root / "hdfs_test_normal", "10 20\n10 99 20 30 10\n");
  write(root / "hdfs_test_abnormal", "");
  const auto data = open_sessions(root.path(), 3);
  EXPECT_EQ(data->shape().kind, "keys");
  EXPECT_EQ(data->shape().window, 3);
  EXPECT_EQ(data->shape().num_classes, 3);

  auto all = windows(*data, Split::train);
  const auto val = windows(*data, Split::val);
  EXPECT_FALSE(all.empty());
  EXPECT_FALSE(val.empty());
  all.insert(all.end(), val.begin(), val.end());
  std::sort(all.begin(), all.end());
  const std::vector<std::vector<std::int64_t>> expected{{0, 1, 2, 0}, {1, 2, 0, 1}, {2, 2, 2, 2}};
  EXPECT_EQ(all, expected) << "windows never reach over the end of a session";

  ASSERT_NE(data->session_tests(), nullptr);
  EXPECT_EQ(list(data->session_tests()->normal), (Sessions{{0, 1, -1, -1}, {0, -1, 1, 2, 0}}))
      << "short ones are lengthened, unseen keys are -1";
  EXPECT_EQ(data->session_tests()->abnormal.size(), 0);

  const auto keys = torch::tensor({{0, 1, 2}}, torch::kInt64);
  EXPECT_TRUE(data->prepare(keys, torch::kFloat32).equal(keys)) << "keys are the model's to convert";
}

TEST(Sessions, ValidationTakesWholeSessionsAndItsFraction) {
  const TempDir root;
  std::string train;
  for (int i = 1; i <= 1000; ++i) {  // the first key tells the session
    for (int k = 0; k < 6; ++k) train += std::to_string(i) + " ";
    train += "\n";
  }
  write(root / "hdfs_train", train);
  write(root / "hdfs_test_normal", "1\n");
  write(root / "hdfs_test_abnormal", "1\n");
  const auto sessions_of = [&](const Dataset& data, Split split) {
    std::set<std::int64_t> sessions;
    for (const auto& window : windows(data, split)) sessions.insert(window[0]);
    return sessions;
  };
  const auto data = open_sessions(root.path(), 4, 0.2);
  const auto train_sessions = sessions_of(*data, Split::train), val_sessions = sessions_of(*data, Split::val);
  EXPECT_EQ(val_sessions.size(), 200u);
  EXPECT_EQ(train_sessions.size(), 800u);
  for (const auto session : val_sessions) EXPECT_FALSE(train_sessions.contains(session));
  EXPECT_EQ(data->size(Split::val), 400);
  EXPECT_EQ(sessions_of(*open_sessions(root.path(), 4, 0.2), Split::val), val_sessions) << "the same each time";
  // The first ten of the split, computed by an independent Python program from the definition in docs/data.md.
  const std::vector<std::int64_t> first(val_sessions.begin(), std::next(val_sessions.begin(), 10));
  EXPECT_EQ(first, (std::vector<std::int64_t>{3, 10, 18, 21, 33, 41, 48, 49, 62, 66}));
  EXPECT_EQ(sessions_of(*open_sessions(root.path(), 4, 0.01), Split::val).size(), 10u);
}

TEST(Sessions, MissingEmptyAndTooShortFilesAreDataErrors) {
  const TempDir root;
  const auto message = [&] { return message_of<DataError>([&] { open_sessions(root.path(), 3); }); };
  EXPECT_NE(message().find((root / "hdfs_train: not found").string()), std::string::npos) << message();
  EXPECT_NE(message().find("logdeep"), std::string::npos) << message();
  write(root / "hdfs_train", "");
  write(root / "hdfs_test_normal", "1\n");
  EXPECT_NE(message().find("hdfs_test_abnormal: not found"), std::string::npos) << message();
  write(root / "hdfs_test_abnormal", "1\n");
  EXPECT_NE(message().find("hdfs_train: of its 0 sessions"), std::string::npos) << message();
  write(root / "hdfs_train", "1 2 3 4\n1 2 3\n");
  EXPECT_NE(message().find("model.window=3"), std::string::npos) << message();
  std::filesystem::remove(root / "hdfs_train");
  std::filesystem::create_directory(root / "hdfs_train");
  EXPECT_NE(message().find("not a regular file"), std::string::npos) << message();
}

TEST(Sessions, TheChecksumIsOfTheContentWhereverItLies) {
  const auto write_all = [](const TempDir& root, const std::string& train, const std::string& abnormal) {
    write(root / "hdfs_train", train);
    write(root / "hdfs_test_normal", "5 22 5\n");
    write(root / "hdfs_test_abnormal", abnormal);
  };
  const std::string train = "5 22 5 7\n7 5 22 5\n5 5 22 7\n", abnormal = "5 9\n";
  const TempDir here, there, other_train, other_lines, other_test;
  write_all(here, train, abnormal);
  write_all(there, train, abnormal);
  write_all(other_train, "5 22 5 7\n7 5 22 5\n5 22 5 7\n", abnormal);
  write_all(other_lines, "5 22 5\n7 7 5 22 5\n5 5 22 7\n", abnormal);
  write_all(other_test, train, "9 5\n");
  const auto identity = [](const TempDir& root) { return data_identity(*open_sessions(root.path(), 2)); };
  EXPECT_EQ(identity(here), identity(there));
  EXPECT_EQ(identity(here).train.size(), 8u);
  EXPECT_NE(identity(here).train, identity(other_train).train);
  EXPECT_NE(identity(here).train, identity(other_lines).train) << "the same keys in other sessions";
  EXPECT_EQ(identity(here).train, identity(other_test).train);
  EXPECT_NE(identity(here).evaluation, identity(other_test).evaluation);
}

TEST(Sessions, RealHdfsFilesHoldWhatTheyShould) {
  const char* given = std::getenv("TLAUNCH_TEST_DATA");
  const char* source = std::getenv("TLAUNCH_SOURCE_DIR");
  const std::string root =
      (given != nullptr ? std::string(given) : std::string(source != nullptr ? source : ".") + "/../shared/data") +
      "/hdfs";
  if (!std::filesystem::exists(root))
    GTEST_SKIP() << "no HDFS files in " << root << " (TLAUNCH_TEST_DATA names another folder)";
  const auto data = open_sessions(root, 10);
  EXPECT_EQ(data->shape().num_classes, 14);
  constexpr std::int64_t keys = 95125, sessions = 4855;
  EXPECT_EQ(data->size(Split::train) + data->size(Split::val), keys - 10 * sessions)
      << "no session is shorter than 11 keys";
  EXPECT_NEAR(static_cast<double>(data->size(Split::val)) / (keys - 10 * sessions), 0.2, 0.01);
  EXPECT_EQ(data->session_tests()->normal.size(), 6000);
  EXPECT_EQ(data->session_tests()->abnormal.size(), 6000);
  const auto& abnormal = data->session_tests()->abnormal;
  EXPECT_EQ(list(abnormal)[2].size(), 11u) << "\"5 22\" is lengthened";
  EXPECT_EQ(abnormal.session(2)[2], -1);
  std::size_t longest = 0;
  for (std::int64_t i = 0; i < abnormal.size(); ++i) longest = std::max(longest, abnormal.session(i).size());
  EXPECT_EQ(longest, 277u);
}

}  // namespace
}  // namespace tlaunch
