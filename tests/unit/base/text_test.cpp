#include "base/text.h"

#include <gmock/gmock.h>

#include <iomanip>

namespace tlaunch {
namespace {

TEST(FormatText, PutsEachValueInItsPlace) {
  EXPECT_EQ(
      format_text("rank {} of {}: {} at {:.1f} s, {:04x}, {}", 1, std::size_t{8}, "done", 2.25, 255u, std::string("x")),
      "rank 1 of 8: done at 2.2 s, 00ff, x");
  EXPECT_EQ(format_text("{{}} {}", 'c'), "{} c");
  EXPECT_EQ(format_text("nothing to fill in"), "nothing to fill in");
}

TEST(FormatText, NumbersReadAsPrintfHasThem) {
  EXPECT_EQ(format_text("{:.4g} {:.4g} {:.4g}", 0.123456, 1e-7, 123456.0), "0.1235 1e-07 1.235e+05");
  EXPECT_EQ(format_text("{} {} {}", 0.1, -3, 1e300), "0.1 -3 1e+300");
  EXPECT_EQ(format_text("{:+.0f} % {:8.3f}|{:<4}|{:>4}", 12.4, 1.5, "a", "b"), "+12 %    1.500|a   |   b");
}

TEST(FormatText, AValueIsNotReadAsAPattern) { EXPECT_EQ(format_text("{}", "{} {{"), "{} {{"); }

TEST(TextLists, AreJoined) {
  EXPECT_EQ(joined({}, ", "), "");
  EXPECT_EQ(joined({"a", "", "b"}, "; "), "a; b");
  EXPECT_EQ(either({"a"}), "a");
  EXPECT_EQ(either({"a", "b", "c"}), "a, b or c");
}

TEST(Quoted, EscapesAndCutsWhatAUserGave) {
  EXPECT_EQ(quoted("a\nb\x7f"), "'a\\x0ab\\x7f'");
  std::string text = "a";  // may change, so that std::quoted would take it too
  EXPECT_EQ(quoted(text), "'a'");
  EXPECT_EQ(quoted(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
  EXPECT_EQ(printable("\xc3\xa4\xc3\xa4", 3), "\xc3\xa4...");
}

}  // namespace
}  // namespace tlaunch
