#include "processes/output/log_tee.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>

#include "processes/output/clean_text.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

using test::content;
using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;

// A tee whose two streams go to files.
struct Teed {
  explicit Teed(bool prefixed, const std::string& log = "", const std::string& prefix = "")
      : out_file(open_file("out")),
        error_file(open_file("err")),
        out(out_file.get(), true),
        error(error_file.get(), true),
        tee(3, prefixed, prefix,
            LogFile(log.empty() ? (folder / "logs/rank_3.log").string() : log, 1'000'000'000,
                    [this](const std::string& text) { told.push_back(text); }),
            out, error, [this](const std::string& line) { lines.push_back(line); }) {}
  Descriptor open_file(const char* name) {
    return Descriptor(::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }
  std::string shown() const { return content(folder / "out"); }
  std::string shown_error() const { return content(folder / "err"); }
  std::string log() const { return content(folder / "logs/rank_3.log"); }

  TempDir folder;
  Descriptor out_file, error_file;
  Screen out, error;
  std::vector<std::string> lines, told;
  LogTee tee;
};

TEST(LogTee, PrefixesWholeLinesAndKeepsEachStreamApart) {
  Teed t(true);
  t.tee.feed(Stream::out, "loss 1", 0);
  t.tee.feed(Stream::error, "warning\n", 0);
  EXPECT_EQ(t.shown(), "");
  t.tee.feed(Stream::out, ".5\nlast", 0);
  t.tee.finish(0);
  EXPECT_EQ(t.shown(), "[rank 3] loss 1.5\n[rank 3] last\n");
  EXPECT_EQ(t.shown_error(), "[rank 3] warning\n");
  EXPECT_EQ(t.log(), "warning\nloss 1.5\nlast");
  EXPECT_THAT(t.lines, ElementsAre("warning", "loss 1.5", "last"));
  EXPECT_THAT(t.tee.last_lines(), ElementsAre("warning", "loss 1.5", "last"));
}

TEST(LogTee, PutsThePrefixThatIsAskedForBeforeEachLineAsItIs) {
  Teed t(true, "", "[trainer 3]:");
  t.tee.feed(Stream::out, "a\nb\n", 0);
  EXPECT_EQ(t.shown(), "[trainer 3]:a\n[trainer 3]:b\n");
}

TEST(LogTee, PassesASingleRanksBytesOnAtOnce) {
  Teed t(false);
  t.tee.feed(Stream::out, "name? ", 0);
  EXPECT_EQ(t.shown(), "name? ");
  t.tee.feed(Stream::out, "\r50%\r\n", 0);
  t.tee.finish(0);
  EXPECT_EQ(t.shown(), "name? \r50%\r\n");
  EXPECT_EQ(t.log(), "name? \r50%\r\n");
}

TEST(LogTee, ShowsAProgressBarOnceASecondAndItsEnd) {
  Teed t(true);
  for (int percent = 0; percent < 100; ++percent) {
    t.tee.feed(Stream::error, std::string("\r").append(std::to_string(percent)).append("%"), 100 + percent * 0.025);
  }
  t.tee.feed(Stream::error, "\r100%\n", 103);
  EXPECT_EQ(t.shown_error(), "[rank 3] 0%\n[rank 3] 40%\n[rank 3] 80%\n[rank 3] 100%\n");
}

TEST(LogTee, ShowsWhereAProgressBarStoodWhenTheRankDied) {
  Teed t(true);
  t.tee.feed(Stream::error, "1%\r2%\r", 0);
  t.tee.finish(0);
  EXPECT_EQ(t.shown_error(), "[rank 3] 1%\n[rank 3] 2%\n");
}

// As tqdm writes the bar of position=1: a row down, the text, a row up again, each with a write of its own.
void draw_below(Teed& t, const std::string& text, double now_s) {
  for (const std::string& part : {std::string("\n"), "\r" + text, std::string("\x1b[A")})
    t.tee.feed(Stream::error, part, now_s);
}

TEST(LogTee, ShowsEachOfTwoBarsBelowOneAnotherOnceASecond) {
  Teed t(true);
  for (int i = 0; i < 50; ++i) {
    const double now_s = 100 + i * 0.045;
    t.tee.feed(Stream::error, "\router " + std::to_string(i), now_s);
    draw_below(t, "inner " + std::to_string(i), now_s);
  }
  draw_below(t, "       ", 103);  // closed, leave=False
  t.tee.feed(Stream::error, "\router 50\nnext\n", 103);
  EXPECT_EQ(t.shown_error(),
            "[rank 3] outer 0\n[rank 3] inner 0\n[rank 3] inner 1\n[rank 3] outer 23\n[rank 3] inner 24\n"
            "[rank 3] outer 46\n[rank 3] inner 47\n[rank 3] outer 50\n[rank 3] next\n");
}

TEST(LogTee, KeepsTheLinesThatComeBetweenBarsBelowOneAnother) {
  Teed t(true);
  for (int i = 0; i < 3; ++i) {
    t.tee.feed(Stream::error, "\router", 1);
    draw_below(t, "inner", 1);
    t.tee.feed(Stream::error, "\r     \r", 1);  // tqdm.write
    draw_below(t, "     ", 1);
    t.tee.feed(Stream::error, "message " + std::to_string(i) + "\n", 1);
  }
  t.tee.finish(2);
  EXPECT_THAT(t.lines, testing::IsSupersetOf({"message 0", "message 1", "message 2"}));
  EXPECT_LE(t.lines.size(), 4u);  // and the outer bar before the inner one was known
}

TEST(LogTee, WarnsOnceOfAFullDiskAndGoesOn) {
  Teed t(true, "/dev/full");
  t.tee.feed(Stream::out, "a\n", 0);
  t.tee.feed(Stream::out, "b\n", 0);
  EXPECT_EQ(t.shown(), "[rank 3] a\n[rank 3] b\n");
  EXPECT_THAT(t.told, ElementsAre("cannot write /dev/full: No space left on device; the output is left out of this log "
                                  "until it can be written"));
}

TEST(LogFile, IsTriedAgainAndThenSaysWhatIsMissing) {
  const TempDir folder;
  const std::string path = folder / "rank_0.log";
  std::filesystem::create_directory(path);
  std::vector<std::string> told;
  double now_s = 5;
  LogFile log(
      path, 1'000'000, [&](const std::string& text) { told.push_back(text); }, [&] { return now_s; });
  EXPECT_FALSE(LogFile("", 1000, {}).keeps());
  log.write("lost\n");
  std::filesystem::remove(path);
  log.write("lost too\n");
  now_s += 1;
  log.write("kept\n");
  EXPECT_EQ(content(path), "\n[tlaunch: 14 B of output are missing here]\nkept\n");
  EXPECT_TRUE(log.lacks_output());
  EXPECT_THAT(told, ElementsAre("cannot write " + path +
                                ": Is a directory; the output is left out of this log until it can be written"));
}

TEST(LogFile, KeepsItsHeadAndTheNewestTailWithinTheLimit) {
  const TempDir folder;
  const std::string path = folder / "rank_0.log";
  std::vector<std::string> told;
  LogFile log(path, 8000, [&](const std::string& text) { told.push_back(text); });
  std::string all;
  for (int i = 0; i < 5000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    all += line;
    log.write(line);
  }
  EXPECT_EQ(content(path), all.substr(0, 4000));
  const std::string tail = content(path + ".tail.1") + content(path + ".tail");
  EXPECT_GE(tail.size(), 2000u);
  EXPECT_LE(tail.size(), 4000u);
  EXPECT_TRUE(all.ends_with(tail));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0], HasSubstr("--log-limit"));
}

TEST(LogTee, KeepsTheLastTwentyLinesFitForAReport) {
  Teed t(true);
  for (int i = 0; i < 30; ++i) t.tee.feed(Stream::out, "line " + std::to_string(i) + "\n", 0);
  t.tee.feed(Stream::error, std::string(1 << 20, 'x') + "\n\x1b[31mred\xff\x01 \xc3\xa9\n", 0);
  const auto last = t.tee.last_lines();
  ASSERT_EQ(last.size(), 20u);
  EXPECT_EQ(last[17], "line 29");
  EXPECT_EQ(last[18].size(), 200u);
  EXPECT_EQ(last[19], "red?? \xc3\xa9");
}

TEST(CleanText, IsValidUtf8WhateverComesIn) {
  EXPECT_EQ(clean_text("caf\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x98\x80"), "caf\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x98\x80");
  EXPECT_EQ(clean_text("\xc0\xaf|\xed\xa0\x80|\xf5|\xe2\x9c"), "??|???|?|??");
  EXPECT_EQ(clean_text("\x1b[1;32mok\x1b[0m\tx\x1b"), "ok x");
}

}  // namespace
}  // namespace tlaunch
