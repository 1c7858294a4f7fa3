// Progress bars of several ranks on a terminal: one row each, redrawn in place.
#include "processes/output/screen.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "base/descriptor.h"
#include "processes/output/display_width.h"
#include "tests/support/child_process.h"
#include "tests/support/run_tlaunch.h"
#include "tests/unit/processes/output/terminal_emulator.h"

namespace tlaunch {
namespace {

using test::TempDir;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("50%|\xe2\x96\x88\xe2\x96\x8f |"), 8);
  EXPECT_EQ(display_width("\xe6\x97\xa5\xe6\x9c\xac\xf0\x9f\x9a\x80"), 6);
  EXPECT_EQ(display_width("e\xcc\x81"), 1);
  EXPECT_EQ(cut_to_width("a\xe6\x97\xa5"
                         "b",
                         2),
            "a");
  EXPECT_EQ(cut_to_width("a\xe6\x97\xa5"
                         "b",
                         3),
            "a\xe6\x97\xa5");
  EXPECT_EQ(cut_to_width("abc", 9), "abc");
  EXPECT_EQ(cut_to_width("abc", -1), "");
}

// A screen on a terminal of its own, 40 columns wide.
struct OnTerminal {
  explicit OnTerminal(unsigned short lines = 12) {
    ::setenv("TERM", "xterm", 1);
    int ours = -1, theirs = -1;
    winsize size{lines, 40, 0, 0};
    EXPECT_EQ(::openpty(&ours, &theirs, nullptr, nullptr, &size), 0);
    terminal = Descriptor(ours);
    program = Descriptor(theirs);
    screen.emplace(theirs, true);
  }
  void line(const std::string& text) {
    screen->wipe_rows();
    screen->append(text + "\n");
  }
  // Of everything written until now.
  std::vector<std::string> shown() {
    constexpr char end = '\5';
    EXPECT_EQ(::write(program.get(), &end, 1), 1);
    char byte = 0;
    while (::read(terminal.get(), &byte, 1) == 1 && byte != end) emulator.feed({&byte, 1});
    EXPECT_FALSE(emulator.unknown());
    EXPECT_FALSE(emulator.wrapped());
    return emulator.lines();
  }

  Descriptor terminal, program;
  test::TerminalEmulator emulator{40};
  std::optional<Screen> screen;
};

TEST(Screen, KeepsItsRowsBelowTheLines) {
  OnTerminal t;
  t.screen->set_row(2, "[rank 1] ", "10%");
  t.screen->set_row(0, "\x1b[36m[rank 0]\x1b[0m ", "20%");
  t.screen->settle(1);
  EXPECT_THAT(t.shown(), ElementsAre("[rank 0] 20%", "[rank 1] 10%"));
  t.line("one");
  t.line("two");
  t.screen->settle(1);
  EXPECT_THAT(t.shown(), ElementsAre("one", "two", "[rank 0] 20%", "[rank 1] 10%"));
  t.screen->set_row(0, "[rank 0] ", "9%");
  t.screen->settle(2);
  EXPECT_THAT(t.shown(), ElementsAre("one", "two", "[rank 0] 9%", "[rank 1] 10%"));
  t.screen->remove_row(0);
  t.screen->settle(3);
  EXPECT_THAT(t.shown(), ElementsAre("one", "two", "[rank 1] 10%"));
  t.screen->wipe_rows();
  t.screen->flush();
  EXPECT_THAT(t.shown(), ElementsAre("one", "two"));
  t.screen->settle(3);
  EXPECT_THAT(t.shown(), ElementsAre("one", "two", "[rank 1] 10%"));
}

TEST(Screen, CutsARowToItsWidthAndTakesControlBytesOutOfIt) {
  OnTerminal t;
  t.screen->set_row(0, "[rank 0] ", std::string(100, 'x'));
  t.screen->set_row(1, "[rank 1] ", "\x1b[31mred\x1b[0m\x1b[A\x1b[2J");
  t.screen->settle(0);
  EXPECT_THAT(t.shown(), ElementsAre("[rank 0] " + std::string(30, 'x'), "[rank 1] red"));
}

TEST(Screen, GivesTheLowerHalfToRowsAtMost) {
  OnTerminal t(8);
  for (int rank = 0; rank < 64; ++rank) t.screen->set_row(rank, std::to_string(rank) + " ", "x");
  t.screen->settle(0);
  EXPECT_THAT(t.shown(), ElementsAre("0 x", "1 x", "2 x", "... and 61 more"));
}

TEST(Screen, DrawsTenTimesASecondAndSaysWhenNext) {
  OnTerminal t;
  EXPECT_EQ(t.screen->next_draw_s(), std::nullopt);
  t.screen->set_row(0, "", "1");
  t.screen->settle(5);
  EXPECT_EQ(t.screen->next_draw_s(), std::nullopt);
  t.screen->set_row(0, "", "2");
  t.screen->settle(5.05);
  EXPECT_THAT(t.shown(), ElementsAre("1"));
  ASSERT_TRUE(t.screen->next_draw_s());
  t.screen->settle(*t.screen->next_draw_s());
  EXPECT_THAT(t.shown(), ElementsAre("2"));
}

TEST(Screen, HasNoRowsWhereTheCursorCannotBeMoved) {
  OnTerminal t;
  EXPECT_TRUE(Screen(t.program.get(), true).has_rows());
  EXPECT_FALSE(Screen(t.program.get(), false).has_rows());
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(Screen(t.program.get(), true).has_rows());
  ::unsetenv("TERM");
  EXPECT_FALSE(Screen(t.program.get(), true).has_rows());
  const Descriptor file(::open("/dev/null", O_WRONLY));
  EXPECT_FALSE(Screen(file.get(), true).has_rows());
}

// tlaunch on a terminal, two ranks of a shell's script.
class Session {
 public:
  explicit Session(const std::string& script, const std::string& redirection = "") {
    const std::string line = "exec " + std::filesystem::absolute(test::program("tlaunch")).string() +
                             " --nproc 2 -- sh -c \"$SCRIPT\" " + redirection;
    winsize size{24, 60, 0, 0};
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      ::setenv("TERM", "xterm", 1);
      ::setenv("NO_COLOR", "1", 1);
      ::setenv("SCRIPT", script.c_str(), 1);
      ::execlp("sh", "sh", "-c", line.c_str(), nullptr);
      ::_exit(127);
    }
  }
  ~Session() {
    if (terminal_ >= 0) ::close(terminal_);
    if (!reaped_) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
  }

  // Reads on until it holds.
  bool shows(const std::function<bool(const std::vector<std::string>&)>& condition) {
    while (!condition(emulator_.lines()))
      if (!read()) return condition(emulator_.lines());
    return true;
  }
  bool shows(const std::string& line) {
    return shows([&](const auto& lines) { return std::find(lines.begin(), lines.end(), line) != lines.end(); });
  }
  std::vector<std::string> to_the_end() {
    while (read()) {
    }
    if (silent_) ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    reaped_ = true;
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(emulator_.unknown());
    EXPECT_FALSE(emulator_.wrapped());
    return emulator_.lines();
  }
  std::vector<std::string> lines() const { return emulator_.lines(); }

 private:
  bool read() {
    constexpr int limit_ms = 30'000;
    pollfd ready{terminal_, POLLIN, 0};
    silent_ = ::poll(&ready, 1, limit_ms) == 0;
    if (silent_) return false;
    char bytes[4096];
    const ssize_t size = ::read(terminal_, bytes, sizeof bytes);
    if (size <= 0) return false;
    emulator_.feed({bytes, static_cast<std::size_t>(size)});
    return true;
  }

  int terminal_ = -1;
  pid_t pid_ = -1;
  bool reaped_ = false, silent_ = false;
  test::TerminalEmulator emulator_{60};
};

// A bar as tqdm writes it (a carriage return before each text) up to half, then waits until the file `go` is there.
std::string bar(const TempDir& folder) {
  return "for i in 10 20 30 40 50; do printf '\\r%3d%%|###' $i >&2; sleep 0.02; done; echo a line of $RANK; "
         "while ! [ -e " +
         (folder / "go").string() + " ]; do sleep 0.02; done; ";
}

TEST(ProgressOnATerminal, HasOneRowForEachRankAndLeavesTheLastState) {
  const TempDir folder;
  Session session(bar(folder) + "printf '\\r100%%|######' >&2; [ $RANK = 0 ] && echo >&2; exit 0");
  EXPECT_TRUE(session.shows([](const std::vector<std::string>& lines) {
    return lines.size() == 4 && lines[2] == "[rank 0]  50%|###" && lines[3] == "[rank 1]  50%|###";
  })) << testing::PrintToString(session.lines());
  EXPECT_THAT(session.lines(), Contains("[rank 0] a line of 0"));
  EXPECT_THAT(session.lines(), Contains("[rank 1] a line of 1"));
  test::write(folder / "go", "");
  const auto last = session.to_the_end();
  EXPECT_THAT(last, testing::UnorderedElementsAre("[rank 0] a line of 0", "[rank 1] a line of 1",
                                                  "[rank 0] 100%|######", "[rank 1] 100%|######"));
}

TEST(ProgressOnATerminal, OfTextsThatACarriageReturnEndsHasRowsToo) {
  const TempDir folder;
  Session session("printf 'step 1\\rstep 2\\r'; while ! [ -e " + (folder / "go").string() +
                  " ]; do sleep 0.02; done; printf 'done  \\n'");
  EXPECT_TRUE(session.shows([](const auto& lines) {
    return lines == std::vector<std::string>{"[rank 0] step 2", "[rank 1] step 2"};
  })) << testing::PrintToString(session.lines());
  test::write(folder / "go", "");
  EXPECT_THAT(session.to_the_end(), testing::UnorderedElementsAre("[rank 0] done", "[rank 1] done"));
}

TEST(ProgressOnATerminal, OfABarThatTakesItselfAwayLeavesNothing) {
  const TempDir folder;
  Session session(bar(folder) + "printf '\\r              \\r' >&2");
  EXPECT_TRUE(session.shows("[rank 1]  50%|###"));
  test::write(folder / "go", "");
  EXPECT_THAT(session.to_the_end(), testing::UnorderedElementsAre("[rank 0] a line of 0", "[rank 1] a line of 1"));
}

TEST(ProgressOnATerminal, OfBarsBelowOneAnotherHasARowForEachBar) {
  const TempDir folder;
  const std::string wait = "while ! [ -e " + (folder / "go").string() + " ]; do sleep 0.02; done; ";
  const std::string below = R"(below() { printf '\n' >&2; printf "\r$1" >&2; printf '\033[A' >&2; }; )";  // position=1
  const std::string deepest = R"(deepest() { printf '\n\n' >&2; printf "\r$1" >&2; printf '\033[A\033[A' >&2; }; )";
  Session session(
      below + deepest +
      "for i in 1 2 3 4 5; do printf \"\\router $i\" >&2; below \"inner $i\"; deepest \"inmost $i\"; done; " + wait +
      "deepest '         '; below '         '; printf '\\router 9' >&2; printf '\\n' >&2; exit 0");
  EXPECT_TRUE(session.shows([](const std::vector<std::string>& lines) {
    const std::vector<std::string> rows{"[rank 0] outer 5", "[rank 0] inner 5", "[rank 0] inmost 5",
                                        "[rank 1] outer 5", "[rank 1] inner 5", "[rank 1] inmost 5"};
    return lines.size() >= rows.size() && std::equal(rows.rbegin(), rows.rend(), lines.rbegin());
  })) << testing::PrintToString(session.lines());
  test::write(folder / "go", "");
  const auto last = session.to_the_end();
  EXPECT_THAT(last, testing::IsSupersetOf({"[rank 0] outer 9", "[rank 1] outer 9"}));
  EXPECT_LE(last.size(), 2u + 4) << testing::PrintToString(last);  // those that were lines before the depth was known
}

TEST(ProgressOnATerminal, InAFileIsALineASecondAsEver) {
  const TempDir folder;
  Session session(bar(folder) + "printf '\\r100%%|######\\n' >&2", "2> " + (folder / "err").string());
  EXPECT_TRUE(session.shows("[rank 0] a line of 0"));
  EXPECT_TRUE(session.shows("[rank 1] a line of 1"));
  test::write(folder / "go", "");
  EXPECT_THAT(session.to_the_end(), testing::UnorderedElementsAre("[rank 0] a line of 0", "[rank 1] a line of 1"));
  const std::string err = test::content(folder / "err");
  EXPECT_THAT(err, HasSubstr("[rank 0] 100%|######\n"));
  EXPECT_THAT(err, Not(HasSubstr("\x1b[")));
}

TEST(ProgressOnATerminal, OnStderrAloneHasRowsToo) {
  const TempDir folder;
  Session session(bar(folder) + "printf '\\r100%%\\n' >&2", "> " + (folder / "out").string());
  EXPECT_TRUE(session.shows([](const auto& lines) {
    return lines == std::vector<std::string>{"[rank 0]  50%|###", "[rank 1]  50%|###"};
  })) << testing::PrintToString(session.lines());
  test::write(folder / "go", "");
  EXPECT_EQ(session.to_the_end().size(), 2u);
  EXPECT_THAT(test::content(folder / "out"), HasSubstr("[rank 1] a line of 1\n"));
}

TEST(ProgressOnATerminal, GivesWayToTlaunchsOwnWordsAndToAFailure) {
  const TempDir folder;
  Session session("printf '\\r 50%%|###' >&2; while ! [ -e " + (folder / "go").string() +
                  " ]; do sleep 0.02; done; [ $RANK = 1 ] && exit 0; (sleep 60 & ) ; exit 0");
  EXPECT_TRUE(session.shows("[rank 1]  50%|###"));
  test::write(folder / "go", "");
  EXPECT_THAT(session.to_the_end(), ElementsAre("tlaunch: stopping 1 process that the ranks left running",
                                                "[rank 0]  50%|###", "[rank 1]  50%|###"));
}

}  // namespace
}  // namespace tlaunch
