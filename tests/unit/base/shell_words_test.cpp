#include "base/shell_words.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ShellWords, AreThoseOfAPosixShell) {
  EXPECT_THAT(shell_words("mail -s 'run done' me"), ElementsAre("mail", "-s", "run done", "me"));
  EXPECT_THAT(shell_words("a\"b c\"'d e'f"), ElementsAre("ab cd ef"));
  EXPECT_THAT(shell_words("a\\ b \\'c\\\" \"\\\"x\\n\\\\\""), ElementsAre("a b", "'c\"", "\"x\\n\\"));
  EXPECT_THAT(shell_words("x '' \"\""), ElementsAre("x", "", ""));
  EXPECT_THAT(shell_words("a\\\nb"), ElementsAre("ab"));
  EXPECT_THAT(shell_words(" \t\n "), IsEmpty());
}

TEST(ShellWords, NothingIsExpanded) {
  EXPECT_THAT(shell_words("echo $HOME `x` * ~ a;b | #c"),
              ElementsAre("echo", "$HOME", "`x`", "*", "~", "a;b", "|", "#c"));
}

// The reference: the words that sh makes of the same text, if nothing in it would be expanded.
TEST(ShellWords, AgreeWithSh) {
  const test::TempDir folder;
  for (const std::string text :
       {R"(a 'b  c' "d  \" e" f\ g)", R"('it'\''s' "a\b" "a\\b" '\' x"y"'z')", R"(""a'' "'" '"')"}) {
    const std::string out = folder / "out";
    test::write(folder / "script", "printf '%s\\n' " + text + " > " + out + "\n");
    ASSERT_EQ(std::system(("sh " + (folder / "script").string()).c_str()), 0);
    std::string ours;
    for (const std::string& word : shell_words(text)) ours += word + "\n";
    EXPECT_EQ(ours, test::content(out)) << text;
  }
}

TEST(ShellWords, WhatDoesNotEndIsRefused) {
  for (const char* text : {"echo 'a", "echo \"a", "echo \"a\\\"", "echo a\\"}) {
    EXPECT_THROW(shell_words(text), UsageError) << text;
    EXPECT_FALSE(is_command(text)) << text;
  }
  for (const char* text : {"", "  ", "''", "'' a"}) EXPECT_FALSE(is_command(text)) << text;
  EXPECT_TRUE(is_command("true"));
}

}  // namespace
}  // namespace tlaunch
